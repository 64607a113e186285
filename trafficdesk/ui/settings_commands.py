"""Opens the settings, at the page that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.settings.secrets import MailPassword
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.history_commands import HistoryCommands
    from trafficdesk.ui.threats_controller import ThreatsController


class SettingsCommands(QObject):
    """Joins the action, and the status bar's word on the history, with the dialog."""

    def __init__(
        self,
        desk: Desk,
        password: MailPassword,
        history: Callable[[], HistoryCommands],
        threats: ThreatsController,
    ) -> None:
        super().__init__(desk)
        self._desk = desk
        self._password = password
        self._history = history
        self._threats = threats
        desk.window.actions_["settings"].triggered.connect(self.edit)
        desk.window.status.history_clicked.connect(self.edit_history)

    @Slot()
    def edit(self) -> None:
        """All settings."""
        self._edit("")

    @Slot()
    def edit_history(self) -> None:
        """How the history is kept."""
        self._edit("history")

    def _edit(self, page: str) -> None:
        from trafficdesk.ui.dialogs.settings_dialog import SettingsDialog

        window = self._desk.window
        dialog = SettingsDialog(
            self._desk.preferences.settings,
            self._password,
            window,
            interfaces=window.bar.interface_choices(),
            tokens=window.tokens,
            library=self._threats.library,
            history_secrets=self._history().password,
        )
        dialog.applied.connect(self._desk.preferences.set)
        dialog.kept.connect(self._history().password_kept)
        learn = window.actions_["learn_history"]
        self._history().learning.speak_in(dialog.detection_page.offer_learning(learn))
        if page:
            dialog.show_page(page)
        dialog.exec()
        dialog.deleteLater()
