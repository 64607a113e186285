"""Writes the sample capture and its ground truth."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trafficdesk.capture.synthetic.sample import DEFAULT_SEED, write_sample


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 3 the file can't be written."""
    parser = argparse.ArgumentParser(prog="python -m trafficdesk.capture.synthetic", description=__doc__)
    parser.add_argument("capture", type=Path, metavar="OUT.pcapng")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument(
        "--truth", type=Path, metavar="CSV", help="ground truth; beside the capture if not given"
    )
    chosen = parser.parse_args(arguments)
    truth = chosen.truth or chosen.capture.with_suffix(".incidents.csv")
    try:
        sample = write_sample(chosen.capture, truth, chosen.seed)
    except OSError as error:
        sys.stderr.write(f"The sample can't be written: {error}. Choose another folder.\n")
        return 3
    sys.stdout.write(
        f"{len(sample.frames):,} frames, {len(sample.truths)} incidents: {chosen.capture}, {truth}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
