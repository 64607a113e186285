"""Save evidence…: a zip that verifies, whose packets others read, and in which nothing is payload unless asked for."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QFileDialog

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.export.evidence import MANIFEST
from trafficdesk.ui import evidence_commands
from trafficdesk.ui.panels.correction_buttons import EVIDENCE

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from trafficdesk.app import Desktop


@pytest.fixture
def desktop(qtbot: QtBot, desktop: Desktop) -> Desktop:
    """With the sample analysed."""
    with qtbot.waitSignal(desktop.desk.loaded, timeout=60_000):
        desktop.desk.open_sample()
    qtbot.waitUntil(lambda: desktop.session.pending == 0, timeout=120_000)
    return desktop


def saved_sizes(path: Path) -> list[int]:
    with CaptureFile(path) as file:
        return [size for block in file.blocks() for size in block.captured_lengths.tolist()]


def test_the_evidence_of_an_incident(
    qtbot: QtBot, tmp_path: Path, desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file is as the manifest says; packets, rows and reasons agree; tshark reads as many packets."""
    incident = next(one for one in desktop.session.incidents if one.family == "dns tunnel")
    commands, sizes = desktop.commands.evidence, {}
    for form in evidence_commands._FORMS:
        path = tmp_path / f"{len(form)}.zip"
        chosen = (str(path), form)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=chosen: chosen)
        desktop.window.page.anomalies.correction_wanted.emit(incident.id, EVIDENCE)
        qtbot.waitUntil(lambda: not commands.running, timeout=60_000)
        folder = tmp_path / path.stem
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        for line in (folder / MANIFEST).read_text().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        assert len((folder / MANIFEST).read_text().splitlines()) == len(list(folder.iterdir())) - 1
        why = json.loads((folder / "why.json").read_text())
        assert why["incident"]["sentence"] == incident.sentence
        assert why["incident"]["reasons"]
        sizes[why["payload"]] = saved_sizes(folder / "capture.pcapng")
        assert len(sizes[why["payload"]]) == why["packets"] >= incident.packets
        with (folder / "rows.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == why["packets"]
        assert sum(row["incident"] == str(incident.id) for row in rows) == len(
            desktop.desk.ids_of(incident.id)
        )
        assert "dns tunnel" in (folder / "page.html").read_text()
        if shutil.which("tshark"):
            command = ["tshark", "-r", str(folder / "capture.pcapng"), "-T", "fields", "-e", "frame.number"]
            told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
            assert len(told.stdout.split()) == why["packets"]
    assert len(sizes[False]) == len(sizes[True])
    # Ethernet, IPv4 and UDP: 42 bytes, where a tunnel's names were.
    assert max(sizes[False]) <= 74 < max(sizes[True])
