"""The detector: what is unusual, why, and whose doing it is.

Behaviour rules name the known families; an isolation forest on a rolling window finds what no rule names; incidents
gather flagged rows by culprit. scikit-learn is imported at the first fit, never by importing this package.
"""
