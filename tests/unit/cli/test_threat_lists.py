"""Threat lists on the command line: from the person's folder, into the summary, the rows and the last lines."""

from __future__ import annotations

import csv
import json
import os
import time
from typing import TYPE_CHECKING

from tests.helpers.capture_bytes import pcap
from tests.helpers.named import CLIENT, answer, tcp
from trafficdesk.cli.arguments import main
from trafficdesk.threats.library import lists_folder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_analyze_tells_what_lists_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Address and name, each with list and entry; an old list and one that can't be read are said; no alarm is raised."""
    folder = lists_folder()
    folder.mkdir(parents=True)
    (folder / "Feodo.txt").write_text("203.0.113.7\nbad.example\n")
    (folder / "broken.gz").write_bytes(b"\x1f\x8b rubbish")
    long_ago = time.time() - 100 * 86_400
    os.utime(folder / "Feodo.txt", (long_ago, long_ago))
    capture = tmp_path / "capture.pcap"
    frames = [
        tcp(CLIENT, "203.0.113.7", (40_000, 443)),
        tcp(CLIENT, "198.51.100.1", (40_001, 443)),
        answer("x.bad.example", ("x.bad.example", "198.51.100.4")),
    ]
    capture.write_bytes(pcap(*frames))
    rows, summary = tmp_path / "rows.csv", tmp_path / "summary.json"
    assert main(["analyze", str(capture), "--packets-csv", str(rows), "--json", str(summary)]) == 0
    told = json.loads(summary.read_text())
    assert [(hit["list"], hit["entry"], hit["met"], hit["packets"]) for hit in told["threats"]] == [
        ("Feodo", "203.0.113.7", "203.0.113.7", 1),
        ("Feodo", "bad.example", "x.bad.example", 1),
    ]
    assert told["incidents"] == []
    assert told["flagged"] == 0
    with rows.open(newline="") as stream:
        cells = [(row["threat_list"], row["threat_entry"], row["score"]) for row in csv.DictReader(stream)]
    assert cells == [("Feodo", "203.0.113.7", "0.500000"), ("", "", ""), ("Feodo", "bad.example", "0.500000")]
    said = capsys.readouterr()
    assert "on threat lists: 2 packets, 203.0.113.7 (Feodo), x.bad.example (Feodo)" in said.out
    assert "Feodo.txt is 100 days old" in said.err
    assert "broken.gz is not used" in said.err
