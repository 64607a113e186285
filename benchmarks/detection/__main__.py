"""`python -m benchmarks.detection`: every part in turn, a table, exit code 1 if a target is missed."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.detection import benign, correction, incidents, ranking, sample, speed
from benchmarks.detection.figure import Options

PARTS = {
    "sample": (sample.measure, "The sample that comes with the program"),
    "westermo": (ranking.westermo, "Westermo, as recorded (right_A)"),
    "modbus": (ranking.modbus, "Modbus/SCADA, as recorded (three captures, one session)"),
    "incidents": (incidents.measure, "Attack captures spliced into everyday traffic"),
    "benign": (benign.measure, "Captures in which nothing happened"),
    "expected": (correction.synthetic, "Ten times Expected on one synthetic family"),
    "correction": (correction.measure, "Ten times Expected on one benign family"),
    "seeds": (ranking.seeds, "Two seeds flag the same rows"),
    "speed": (speed.measure, "Speed of one core"),
}
"""What is measured; all but the first and the last need the corpus."""
_WITHOUT_CORPUS = ("sample", "expected", "speed")


def main() -> int:
    """Exit code: 0 every target met, 1 not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a part of everything")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS)
    )
    parser.add_argument(
        "--captures", type=Path, default=Path(__file__).resolve().parents[3] / "shared" / "captures"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--verbose", action="store_true", help="say what was missed and what was a false alarm"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="the same figures for programs")
    chosen = parser.parse_args()
    options = Options(chosen.captures, chosen.quick, chosen.seed, chosen.verbose)
    results = {}
    for name in chosen.only:
        measure, title = PARTS[name]
        if name not in _WITHOUT_CORPUS and not options.captures.is_dir():
            print(f"\n{title}: skipped, {options.captures} is not there (see --captures)")
            continue
        began = time.perf_counter()
        print(f"\n{title}")
        results[name] = measure(options)
        for figure in results[name]:
            print(f"  {figure.name:<52}{figure.said:>10}  {figure.wanted:<18}{figure.note}".rstrip())
        print(f"  ({time.perf_counter() - began:.0f} s)", flush=True)
    if chosen.json:
        told = {name: [asdict(figure) for figure in figures] for name, figures in results.items()}
        chosen.json.write_text(json.dumps(told, indent=1))
    missed = [figure for figures in results.values() for figure in figures if figure.met is False]
    print(f"\n{len(missed)} target(s) missed" if missed else "\nEvery target met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
