"""`trafficdesk learn`: stored packets become what is known of their network, and nothing better is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.helpers.past import KEY, recorded
from trafficdesk.cli.arguments import main
from trafficdesk.detect.known_networks import KnownNetworks
from trafficdesk.settings import DetectionSettings, Settings
from trafficdesk.settings.file import save

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SINCE = ["--since", "2023-11-01T00:00"]


def _recorded(seconds: float) -> int:
    """With settings by which little is needed."""
    save(Settings(detection=DetectionSettings(trees=25, samples=64)))
    return recorded(seconds)


def test_a_network_is_learned_from_the_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A baseline is there after, of which the command says in words and as JSON what it is made of."""
    rows = _recorded(100)
    path = tmp_path / "learned.json"
    assert main(["learn", *SINCE, "--json", str(path)]) == 0
    (told,) = json.loads(path.read_text())["networks"]
    assert (told["network"], told["packets"], told["interface"]) == (KEY, rows, "eth0")
    assert f"Learned from {rows:,} packets of 1 capture" in capsys.readouterr().out
    (network,) = KnownNetworks().networks()
    assert network.key == KEY
    assert network.taught_ns > network.last_ns
    assert 80 < network.learned_s < 120


def test_what_is_known_better_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    """Of less traffic than the baseline's a person must say that it is to take its place."""
    _recorded(100)
    known = KnownNetworks()
    assert main(["learn", *SINCE]) == 0
    ((baseline, network),) = [known.load(KEY)]
    known.save(baseline.__class__(baseline.recent, baseline.older, baseline.admitted, 99_999.0), network)
    capsys.readouterr()
    assert main(["learn", *SINCE]) == 3
    assert "28 hours" in capsys.readouterr().err
    assert main(["learn", *SINCE, "--replace"]) == 0
    assert known.load(KEY)[0].learned_s < 120


def test_an_empty_history_teaches_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence says so, and one what helps."""
    assert main(["learn"]) == 3
    assert "Keep every packet, too" in capsys.readouterr().err
    assert main(["learn", "--last", "soon"]) == 2
