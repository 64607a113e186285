"""Writing what was seen: CSV of packets and of incidents, atomically."""
