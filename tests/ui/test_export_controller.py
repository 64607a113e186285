"""`ui.export_controller`: a CSV of the wanted rows, written off the window's thread."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.traffic import decoded, session_with
from trafficdesk.ui.export_controller import ExportController, with_suffix

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from trafficdesk.errors import ExportError


def test_the_wanted_rows_are_written(qtbot: QtBot, tmp_path: Path) -> None:
    """One line per packet asked for, however the log goes on meanwhile; rows and path are told."""
    session = session_with(1_000)
    controller = ExportController(session)
    path = tmp_path / "rows.csv"
    told: list[tuple[int, str]] = []
    controller.done.connect(lambda rows, where: told.append((rows, where)))
    with qtbot.waitSignal(controller.ended, timeout=20_000):
        controller.export(path, np.array([1, 5, 900]))
        assert controller.running
        session.ingest(decoded(500, 1_000))
    assert told == [(3, str(path))]
    with path.open(newline="", encoding="utf-8") as file:
        assert [row["number"] for row in csv.DictReader(file)] == ["2", "6", "901"]
    assert not controller.running


def test_a_place_that_cannot_be_written_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    """Cause and remedy; nothing is left behind."""
    controller = ExportController(session_with(10))
    told: list[ExportError] = []
    controller.failed.connect(told.append)
    with qtbot.waitSignal(controller.ended, timeout=20_000):
        controller.export(tmp_path / "none" / "rows.csv", np.arange(10))
    assert [bool(error.hint) for error in told] == [True]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("chosen", "name"), [("/x/rows", "rows.csv"), ("/x/rows.txt", "rows.txt")])
def test_a_name_without_ending_gets_one(chosen: str, name: str) -> None:
    """What a person typed stays as it is otherwise."""
    assert with_suffix(chosen, ".csv").name == name
