"""`python -m tests.fuzz.worker ENGINE TARGET RUNS SECONDS SEED NEW CRASHES`: one target in this process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.engines import run_atheris, run_hypothesis
from tests.fuzz.planted import PLANTED
from tests.fuzz.targets import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Ends as the engine does: 0 if nothing broke."""
    engine, name, runs, seconds, seed, new, crashes = arguments

    target = (PLANTED | BY_NAME)[name]
    folders = [Path(new), Path(__file__).parent / "corpus" / name]
    run = run_atheris if engine == "atheris" else run_hypothesis
    run(
        target,
        [folder for folder in folders if folder.is_dir()],
        Path(crashes),
        runs=int(runs),
        seconds=int(seconds),
        seed=int(seed),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
