"""The packaged program works from another folder, without the checkout; run by `python3 dev.py test` after the build."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.xvfb import virtual_display

PROGRAM = os.environ.get("TRAFFICDESK_PACKAGED", "")

pytestmark = pytest.mark.skipif(not PROGRAM, reason="no packaged build: TRAFFICDESK_PACKAGED names none")


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "QT_", "VIRTUAL_ENV"))
    }
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The bundled sample as the program carries it."""
    bundled = next(Path(PROGRAM).parent.rglob("sample.pcapng"))
    return Path(shutil.copy(bundled, tmp_path / "capture.pcapng"))


def test_self_test_passes(tmp_path: Path) -> None:
    """The packaged program proves itself: sample, detection, export."""
    done = run("self-test", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_packets_export(tmp_path: Path, sample: Path) -> None:
    """The command line decodes and exports from another folder."""
    out = tmp_path / "packets.csv"
    done = run("packets", str(sample), "--csv", str(out), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as stream:
        assert sum(1 for _ in csv.DictReader(stream)) > 10_000


def test_window_opens_refits_and_shows(tmp_path: Path, sample: Path) -> None:
    """A real window under Xvfb opens the sample, the forest is refit, and a picture of it can be saved."""
    picture, measured = tmp_path / "window.png", tmp_path / "diagnostics.json"
    with virtual_display() as display:
        done = run(
            str(sample),
            *("--screenshot", str(picture), "--diagnostics", str(measured), "--quit-after", "25"),
            cwd=tmp_path,
            DISPLAY=display,
            TRAFFICDESK_HOME=str(tmp_path / "home"),
        )
    assert done.returncode == 0, done.stdout + done.stderr
    diagnostics = json.loads(measured.read_text())
    assert diagnostics["packets"] > 10_000
    assert diagnostics["refits"] >= 1
    assert diagnostics["scored"] > 0
    assert picture.stat().st_size > 20_000
