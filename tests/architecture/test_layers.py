"""The house plan holds: layers, lazy imports, and what each place may import."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("sqlalchemy", "sklearn", "scipy", "pandas", "scapy", "pyqtgraph", "PySide6")


def modules_after(statement: str) -> set[str]:
    code = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import trafficdesk.session", HEAVY),
        ("import trafficdesk.decode", HEAVY),
        ("import trafficdesk.capture", HEAVY),
        ("import trafficdesk.detect.process", HEAVY),
        ("import trafficdesk.detect.findings", HEAVY),
        ("import trafficdesk.cli", HEAVY),
        ("import trafficdesk.app", ("sqlalchemy", "sklearn", "scipy", "pandas", "scapy", "pyqtgraph")),
    ],
)
def test_heavy_modules_are_imported_where_they_are_used(statement: str, absent: tuple[str, ...]) -> None:
    """Importing a room of the house does not pull the heavy libraries that only its deeper parts use."""
    assert not modules_after(statement) & set(absent)


def test_command_line_decodes_without_qt() -> None:
    """`trafficdesk packets` on the sample never imports Qt, pandas or scikit-learn."""
    run = "from trafficdesk.cli import main; from trafficdesk.paths import sample_capture; main(['packets', str(sample_capture())])"
    assert not modules_after(run) & {"PySide6", "pyqtgraph", "sklearn", "pandas", "scapy"}
