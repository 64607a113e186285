"""TrafficDesk: watches a laptop's network traffic, learns what is usual there, and explains what is not."""

__version__ = "0.1.0"
