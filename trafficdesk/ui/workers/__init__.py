"""Thread shells: they run pure objects off the window's thread and report by signals, nothing else."""
