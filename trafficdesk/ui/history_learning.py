"""Analysis or Settings, Learn from the history…: the `learn` command in a process of its own; captures under way go on from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Slot

from trafficdesk.ui.workers.own_command import OwnCommand

if TYPE_CHECKING:
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.panels.banner import Banner

LEARN: Final = "Learn from the history"
REPLACE: Final = "Take the history's word"
_KEEP: Final = "Keep what is known"
_NOT_NOW: Final = "Not now"
_ENDS: Final = (0, 3)
"""Learned; or nothing, for a reason that it tells."""
_STOP: Final = "Stop &learning from the history"


class HistoryLearning(QObject):
    """Asks, runs, and says what came of it."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window_banner = desk.window.banner
        self._dialog_banner: Banner | None = None
        self._preferences = desk.preferences
        self._action = desk.window.actions_["learn_history"]
        self._words = self._action.text()
        self._command = OwnCommand("Learning from the history", _ENDS, self)
        self._command.told.connect(self._on_told)
        self._command.failed.connect(self._on_failed)
        self._action.triggered.connect(self.ask)
        self._window_banner.chosen.connect(self._on_chosen)
        desk.window.closing.connect(self._command.stop)

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self._command.running

    @property
    def _banner(self) -> Banner:
        return self._dialog_banner or self._window_banner

    def speak_in(self, banner: Banner) -> None:
        """Ask and answer in a dialog's banner until it is gone: the window behind it can't be reached."""
        self._dialog_banner = banner
        banner.chosen.connect(self._on_chosen)
        banner.destroyed.connect(self._on_dialog_gone)

    @Slot()
    def _on_dialog_gone(self) -> None:
        self._dialog_banner = None

    @Slot()
    def ask(self) -> None:
        """Ask whether to; where it is under way, end it."""
        if self.running:
            self._command.stop()
            self._end()
            self._banner.show_message("Learning from the history was stopped; nothing was changed.")
            return
        days = self._preferences.settings.history.fine_days
        self._banner.offer(
            f"Learn what is usual from the packets of the last {days:,} days?",
            "Of every network that the history holds packets of. It may take some minutes; what stands out "
            "is set aside, as in a live capture, and a capture that is running goes on from what was learned. "
            "Of DNS names the history has a hash alone: how many are usual under one domain it can't tell.",
            (LEARN, _NOT_NOW),
        )

    @Slot(str)
    def _on_chosen(self, words: str) -> None:
        if words in {LEARN, REPLACE}:
            self.learn(replace=words == REPLACE)

    def learn(self, *, replace: bool = False) -> None:
        """Begin; `replace`: also where more traffic is known than the history holds."""
        last = f"{self._preferences.settings.history.fine_days}d"
        self._command.run(["learn", "--last", last, "--json", "-", *(["--replace"] if replace else [])])
        self._action.setText(_STOP)
        self._banner.show_message(
            "Learning from the history…", "In the background; the command that began it stops it."
        )

    @Slot(bytes)
    def _on_told(self, said: bytes) -> None:
        self._end()
        told: dict[str, Any] = json.loads(said)
        learned = [f"{one['interface']}: {one['words']}" for one in told["networks"]]
        if learned:
            self._banner.show_message(learned[0], " ".join([*learned[1:], *told["not_learned"]]))
        elif told["refused"]:
            self._banner.offer(" ".join(told["refused"]), "", (_KEEP, REPLACE))
        else:
            self._banner.show_message(
                "Nothing was learned from the history.", " ".join(told["not_learned"]), "warning"
            )

    @Slot(object)
    def _on_failed(self, error: TrafficDeskError) -> None:
        self._end()
        self._banner.show_error(error)

    def _end(self) -> None:
        self._action.setText(self._words)
