"""`analyze --explain`: the same words in the terminal and in the JSON as in the window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from trafficdesk.cli.arguments import main, parser
from trafficdesk.paths import sample_capture

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What the sample's analysis prints, and its JSON."""
    path: Path = tmp_path_factory.mktemp("explained") / "summary.json"
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("trafficdesk.cli.analyze.say", lambda line, **_options: lines.append(line))
        assert main(["analyze", str(sample_capture()), "--explain", "all", "--json", str(path)]) == 0
    return "\n".join(lines), json.loads(path.read_text())


def test_every_incident_is_explained(told: tuple[str, dict[str, Any]]) -> None:
    """A packet of it, the model, reasons with what would have been usual; the same sentences in both."""
    words, summary = told
    assert summary["incidents"]
    for incident in summary["incidents"]:
        explanation = incident["explanation"]
        assert f"why {incident['id']}. packet {explanation['packet']:,} · " in words
        assert explanation["reasons"]
        assert explanation["model"] > 0
        for reason in explanation["reasons"]:
            assert reason["words"] in words
            assert 0 <= reason["share_below"] <= 1
            assert reason["usual_from"] is None or reason["usual_from"] < reason["value"]
            assert reason["usual_from"] is not None or reason["because"]


def test_the_first_reasons_are_the_planted_ones(told: tuple[str, dict[str, Any]]) -> None:
    """What the sample's incidents were made of is what is named first."""
    first = {
        incident["family"]: incident["explanation"]["reasons"][0]["feature"]
        for incident in told[1]["incidents"]
    }
    assert "ports tried on 192.168.1.23 in 60 s" in told[0]
    assert first["port scan"] == "pair_ports_60s"
    assert first["upload burst"] == "upload_60s"
    assert first["beacon"] == "beat_count"
    assert first["dns tunnel"] in {"dns_names_60s", "query_length_60s"}


def test_nothing_is_explained_unasked() -> None:
    """Additive: without the option no incident has an explanation; numbers and `all` are understood, others not."""
    grammar = parser()
    assert grammar.parse_args(["analyze", "x"]).explain == []
    assert grammar.parse_args(["analyze", "x", "--explain", "3", "--explain", "all"]).explain == [3, 0]
    for wrong in ("0", "-1", "scan"):
        with pytest.raises(SystemExit):
            grammar.parse_args(["analyze", "x", f"--explain={wrong}"])
