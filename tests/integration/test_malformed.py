"""Captures that broke other programs, through the commands that a person runs on them, in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from trafficdesk.__main__ import main
from trafficdesk.cli.exit_codes import Exit

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared


def captures(folder: Path) -> list[Path]:
    found = sorted(path for path in (folder / "malformed").rglob("*") if path.is_file())
    return [path for path in found if path.suffix not in {".csv", ".md", ".txt"}]


def test_packets_reads_what_can_be_read(
    shared_captures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is rows, or rows and one sentence about a fault; never anything else, and nothing is warned of."""
    out = tmp_path / "rows.csv"
    paths = captures(shared_captures)
    assert len(paths) > 100
    for path in paths:
        code = main(["packets", str(path), "--csv", str(out)])
        assert code in {Exit.DONE, Exit.UNREADABLE}, path
        said = capsys.readouterr().err
        assert ("trafficdesk:" in said) == (code == Exit.UNREADABLE), (path, said)
        out.unlink(missing_ok=True)


def test_analyze_accounts_for_every_row(
    shared_captures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is analysed to its end: every packet has a row of the CSV, and the summary is JSON."""
    rows, summary = tmp_path / "rows.csv", tmp_path / "summary.json"
    for path in captures(shared_captures):
        code = main(["analyze", str(path), "--packets-csv", str(rows), "--json", str(summary)])
        assert code in {Exit.DONE, Exit.UNREADABLE}, (path, capsys.readouterr().err)
        told = json.loads(summary.read_text())
        assert rows.read_bytes().count(b"\n") - 1 == told["packets"], path
        rows.unlink()
        summary.unlink()
