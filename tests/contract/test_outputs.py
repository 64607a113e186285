"""OUTPUT.md names every key that scripts get, and none that they do not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ROOT
from tests.helpers.collected import scanning_capture, small_captures
from trafficdesk.cli.arguments import main
from trafficdesk.export.collection import FILE_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = re.split(r"^## ", (ROOT / "OUTPUT.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


def section(title: str) -> str:
    (one,) = (text for text in SECTIONS if text.startswith(f"`{title}`"))
    return one


def keys(title: str) -> set[str]:
    """First cells of a section's table."""
    cells = re.findall(r"^\| (`[^|]*`) \|", section(title), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def written(path: Path, *arguments: object) -> dict[str, Any]:
    assert main([*map(str, arguments), "--json", str(path)]) == 0
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.json"


def test_of_one_capture_and_of_its_evidence(tmp_path: Path, out: Path) -> None:
    """`analyze FILE --json`, and what its incidents have."""
    told = written(out, "analyze", scanning_capture(tmp_path / "scan.pcap"))
    assert set(told) == keys("analyze FILE --json")
    text = section("analyze FILE --json")
    for incident in told["incidents"]:
        assert all(f"`{key}`" in text for key in (*incident, *incident["reasons"][0]))


def test_of_many_captures(tmp_path: Path, out: Path) -> None:
    """`analyze DIR --json`, and the columns of `--files-csv`."""
    small_captures(tmp_path / "all", 2)
    told = written(out, "analyze", tmp_path / "all", "--jobs", 1)
    assert set(told) == keys("analyze DIR --json")
    text = section("analyze DIR --json")
    assert {"file", "status", "fault", "incidents"} < set(told["files"][0])
    assert ", ".join(f"`{column}`" for column in FILE_COLUMNS) in text


def test_of_the_history(out: Path) -> None:
    """`history --json`, of all and of one host."""
    assert set(written(out, "history")) == keys("history --json")
    of_host = set(written(out, "history", "--host", "192.0.2.1"))
    text = section("history --json")
    assert all(f"`{key}`" in text for key in of_host)
