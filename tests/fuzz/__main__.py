"""`python -m tests.fuzz [targets] [--runs N | --seconds N]`: fuzz, each target in a process of its own."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
CORPUS: Final = HERE / "corpus"
CRASHES: Final = HERE / "crashes"
FOUND: Final = ROOT / ".fuzz"
"""Inputs that earlier long runs found to be new ones; not kept in the project."""
DEFAULT_SECONDS: Final = 60
_NOT_TOLD: Final = ("#", "0x", "\\", "INFO:", "WARNING:")
"""How the lines of libFuzzer's account of its corpus begin."""
_SEED: Final = 20_261_121


@dataclass(frozen=True, slots=True)
class Job:
    """One target's run."""

    name: str
    engine: str
    runs: int
    seconds: int
    seed: int
    fresh: bool
    """Whether it begins with the project's corpus alone, so that two runs do the same."""
    crashes: Path

    def run(self) -> tuple[bool, str]:
        """Whether nothing broke, and a line about it (with what broke, if something did)."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="trafficdesk-fuzz-") as folder:
            new = Path(folder) / "new" if self.fresh else FOUND / self.name
            new.mkdir(parents=True, exist_ok=True)
            numbers = [str(number) for number in (self.runs, self.seconds, self.seed)]
            words = [self.engine, self.name, *numbers, str(new), str(self.crashes)]
            ended = subprocess.run(
                [sys.executable, "-m", "tests.fuzz.worker", *words],
                cwd=ROOT,
                env=os.environ | {"TMPDIR": folder, "OMP_NUM_THREADS": "1", "TRAFFICDESK_HOME": folder},
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        spent = time.monotonic() - started
        if self.crashes.is_dir() and not any(self.crashes.iterdir()):
            self.crashes.rmdir()
        told = (ended.stdout + ended.stderr).splitlines(keepends=True)
        said = "".join(line[:300] for line in told if not line.startswith(_NOT_TOLD))
        if ended.returncode:
            return False, f"{self.name}: BROKEN after {spent:.0f} s\n{said[-6_000:]}"
        counts = dict(re.findall(r"stat::(\w+):\s+(\d+)", said))
        executed, peak = int(counts["number_of_executed_units"]), int(counts["peak_rss_mb"])
        return (
            True,
            f"{self.name}: {executed:,} executions in {spent:.0f} s, at most {peak} MB, nothing broke",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 nothing broke, 1 something did, 2 wrong usage."""
    from tests.fuzz.engines import has_atheris
    from tests.fuzz.targets import BY_NAME

    parser = argparse.ArgumentParser(
        prog="dev.py fuzz", description="Hostile bytes for every reader of them."
    )
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of: {', '.join(BY_NAME)} (default: all)"
    )
    parser.add_argument("--runs", type=int, default=0, metavar="N", help="executions of each target")
    parser.add_argument(
        "--seconds", type=int, default=0, metavar="N", help=f"of each target (default {DEFAULT_SECONDS})"
    )
    parser.add_argument(
        "--fixed", action="store_true", help="the number of executions that belongs to dev.py test"
    )
    parser.add_argument("--engine", choices=("atheris", "hypothesis"), help="who makes the inputs")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="targets at once")
    parser.add_argument("--crashes", type=Path, default=CRASHES, help="where an input that breaks is left")
    chosen = parser.parse_args(arguments)
    names = chosen.targets or list(BY_NAME)
    if unknown := sorted(set(names) - set(BY_NAME)):
        parser.error(f"no such target: {', '.join(unknown)}")
    engine = chosen.engine or ("atheris" if has_atheris() else "hypothesis")
    seconds = chosen.seconds if chosen.runs or chosen.seconds or chosen.fixed else DEFAULT_SECONDS
    jobs = [
        Job(
            name,
            engine,
            BY_NAME[name].runs if chosen.fixed else chosen.runs,
            seconds,
            _SEED if chosen.fixed else int.from_bytes(os.urandom(3), "little") + 1,
            chosen.fixed,
            chosen.crashes / name,
        )
        for name in names
    ]
    return _run(jobs, engine, chosen.jobs)


def _run(jobs: list[Job], engine: str, at_once: int) -> int:
    sys.stdout.write(f"fuzzing with {engine}\n")
    fine = True
    with ThreadPoolExecutor(max(1, at_once)) as pool:
        for unbroken, line in pool.map(Job.run, jobs):
            fine &= unbroken
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
