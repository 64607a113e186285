"""The parts of the window: table, details, filter line, status, anomalies, welcome page."""
