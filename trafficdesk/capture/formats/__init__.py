"""How capture files are written: pcap, pcapng, and the walk over their records."""
