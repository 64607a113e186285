"""Pages to PDF: done by a process of TrafficDesk's own that has what lays out pages; here there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from trafficdesk.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_S: Final = 300


def pdf_of(page: str, pictures: Mapping[str, str]) -> bytes:
    """The page as a PDF.

    Raises
    ------
    ExportError
        If it can't be made.
    """
    environment = dict(os.environ)
    if sys.platform == "linux":  # no window is shown, so no display is needed
        environment["QT_QPA_PLATFORM"] = "offscreen"
    program = [] if getattr(sys, "frozen", False) else ["-m", "trafficdesk"]
    asked = json.dumps({"page": page, "pictures": dict(pictures)}).encode()
    try:
        done = subprocess.run(  # noqa: S603  # ourselves
            [sys.executable, *program, "--print-page"],
            input=asked,
            capture_output=True,
            timeout=_LONGEST_S,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(str(error)) from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise _failed(done.stderr.decode("utf-8", "replace").strip()[-200:] or f"code {done.returncode}")
    return done.stdout


def _failed(why: str) -> ExportError:
    return ExportError(
        f"The PDF could not be made: {why}.", "Write the report as .html and print it from a browser."
    )
