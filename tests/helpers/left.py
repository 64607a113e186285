"""The window in a process of its own that leaves by itself and tells what it measured."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LONGEST_S = 80


def left_by_itself(
    command: Sequence[object],
    measured: Path,
    ready: Callable[[dict[str, Any]], bool],
    first_s: int,
    **rest: Any,
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """How it ended, and its `--diagnostics`.

    It stays `first_s` seconds; where the machine was too busy for it to get `ready` in that time, it is started again
    and stays longer.
    """
    for seconds in (first_s, 4 * first_s, LONGEST_S):
        measured.unlink(missing_ok=True)
        done = subprocess.run(
            [*map(str, command), "--diagnostics", str(measured), "--quit-after", str(seconds)],
            capture_output=True, text=True, timeout=LONGEST_S + 120, check=False, **rest,
        )  # fmt: skip
        report = json.loads(measured.read_text()) if measured.exists() else {}
        if report and ready(report):
            break
    return done, report
