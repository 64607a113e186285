"""Saving a capture from the window: which packets, where to, and what is said of the missing ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtWidgets import QDialogButtonBox

from tests.helpers.traffic import session_with
from tests.helpers.wire import TCP_SYN, block_of
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.export.capture_file import SavedCapture
from trafficdesk.ui.dialogs.save_capture import SaveCaptureDialog, Selection
from trafficdesk.ui.export_controller import ExportController

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

NONE = np.empty(0, np.int64)


def dialog_of(qtbot: QtBot, shown: np.ndarray, selected: np.ndarray, rows: int = 1_000) -> SaveCaptureDialog:
    log = session_with(rows).log
    dialog = SaveCaptureDialog(log, Selection(log.end_id, shown, selected))
    qtbot.addWidget(dialog)
    return dialog


@pytest.mark.parametrize(
    ("shown", "selected", "wanted"),
    [
        (np.arange(1_000), NONE, range(1_000)),
        (np.arange(1_000), np.array([5]), range(1_000)),
        (np.array([3, 7]), np.array([5]), [3, 7]),
        (np.array([3, 7, 9]), np.array([3, 9]), [3, 9]),
        (NONE, NONE, range(1_000)),
    ],
)
def test_the_likeliest_choice_is_made_already(
    qtbot: QtBot, shown: np.ndarray, selected: np.ndarray, wanted: object
) -> None:
    """Several selected packets, else what a filter shows, else all."""
    assert list(dialog_of(qtbot, shown, selected).ids) == list(wanted)  # type: ignore[call-overload]


def test_a_span_of_time_begins_with_what_is_shown(qtbot: QtBot) -> None:
    """From its first to its last packet, whole milliseconds around them; both ends can be moved."""
    shown = np.arange(200, 300)
    dialog = dialog_of(qtbot, shown, NONE)
    dialog.choices.button(3).setChecked(True)
    times = session_with(1_000).log.column("timestamp_ns", np.arange(1_000))
    low = times[200] // 1_000_000 * 1_000_000
    high = -(-times[299] // 1_000_000) * 1_000_000
    assert np.asarray(dialog.ids).tolist() == np.flatnonzero((times >= low) & (times <= high)).tolist()
    assert set(shown) <= set(np.asarray(dialog.ids).tolist())
    dialog.stop.setDateTime(dialog.start.dateTime().addSecs(-1))
    assert len(dialog.ids) == 0
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Save).isEnabled()


def test_what_can_not_be_saved_can_not_be_chosen(qtbot: QtBot) -> None:
    """Nothing shown, nothing selected: those choices are off."""
    dialog = dialog_of(qtbot, NONE, NONE)
    assert [dialog.choices.button(number).isEnabled() for number in range(4)] == [True, False, False, True]


def test_frames_are_saved_off_the_windows_thread(qtbot: QtBot, tmp_path: Path) -> None:
    """The file has them, and what is no longer kept is told."""
    store = RecentFrames(1 << 20, lambda: ("eth0",))
    store.add(block_of(*[TCP_SYN] * 50, first_id=50))
    controller = ExportController(session_with(100))
    told: list[SavedCapture] = []
    controller.saved.connect(told.append)
    path = tmp_path / "x.pcapng"
    with qtbot.waitSignal(controller.ended, timeout=20_000):
        controller.save(path, store, range(100))
    assert told == [SavedCapture(str(path), 50, 50)]
    with CaptureFile(path) as file:
        assert sum(map(len, file.blocks())) == 50
