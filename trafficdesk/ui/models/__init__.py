"""What Qt's views show: adapters over the session's columns, no state of their own beyond what is visible."""
