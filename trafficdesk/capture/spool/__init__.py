"""Raw frames of a live capture kept on disk: bounded, whole at every moment, read again by number."""
