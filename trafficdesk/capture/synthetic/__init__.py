"""Seeded traffic with known incidents: the sample behind "Try the sample", and frames for tests.

`python -m trafficdesk.capture.synthetic OUT.pcapng [--seed N] [--truth CSV]` writes it again, byte for byte.
No clock, no network and no floating-point function but the four operations goes into it.
"""

from trafficdesk.capture.synthetic.sample import (
    DEFAULT_SEED,
    Sample,
    Truth,
    generate,
    truth_csv,
    write_sample,
)

__all__ = ["DEFAULT_SEED", "Sample", "Truth", "generate", "truth_csv", "write_sample"]
