"""`trafficdesk evidence`: verdict, JSON and exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from trafficdesk import cli
from trafficdesk.cli.exit_codes import Exit
from trafficdesk.evidence import bundle as bundling

if TYPE_CHECKING:
    from pathlib import Path

    from tests.helpers.analysed import Analysed


@pytest.fixture(scope="module")
def paths(analysed_sample: Analysed, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A genuine evidence, and one in which whoever wrote it made scores up."""
    folder = tmp_path_factory.mktemp("evidence")
    scene, incident = analysed_sample.scene(), analysed_sample.incident("arp spoof")
    bundling.bundle(folder / "good.zip", scene, incident)
    made = bundling.recorded
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            bundling, "recorded", lambda *said: replace(one := made(*said), score=one.score + np.float32(1))
        )
        bundling.bundle(folder / "bad.zip", scene, incident)
    return folder / "good.zip", folder / "bad.zip"


def test_a_genuine_one_holds(paths: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """It says what was found, by which version, and that the scores are equal; JSON says the same."""
    assert cli.main(["evidence", str(paths[0]), "--json", str(tmp_path / "out.json")]) == Exit.DONE
    out = capsys.readouterr().out
    assert "arp spoof" in out
    assert "Recorded by TrafficDesk" in out
    assert "scores were computed again and are equal" in out
    told = json.loads((tmp_path / "out.json").read_text())
    assert told["holds"]
    assert told["manifest"]["verified"]
    assert told["scores"]["equal"] == told["scores"]["compared"] > 0
    assert told["scores"]["largest_difference"] == 0.0


def test_made_up_scores_are_told(paths: tuple[Path, Path], capsys: pytest.CaptureFixture) -> None:
    """Though its manifest is right, scores that do not follow from its models end in a sentence and code 4."""
    assert cli.main(["evidence", str(paths[1])]) == Exit.UNREADABLE
    assert "do not follow from the models" in capsys.readouterr().err


def test_a_changed_one_is_refused(
    paths: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """One bit is a sentence and code 4; so is a file that is not there."""
    data = bytearray(paths[0].read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "e.zip").write_bytes(data)
    assert cli.main(["evidence", str(tmp_path / "e.zip")]) == Exit.UNREADABLE
    assert cli.main(["evidence", str(tmp_path / "none.zip")]) == Exit.UNREADABLE
    assert "is refused as evidence: it is damaged" in capsys.readouterr().err


def test_analyze_shows_it_and_learns_nothing(paths: tuple[Path, Path], capsys: pytest.CaptureFixture) -> None:
    """`analyze` of an evidence tells what was recorded, not what a new analysis would find."""
    assert cli.main(["analyze", str(paths[0])]) == Exit.DONE
    out = capsys.readouterr().out
    assert "Recorded by TrafficDesk" in out
    assert cli.main(["analyze", str(paths[0]), "x.pcap"]) == Exit.USAGE
    assert "by itself" in capsys.readouterr().err
