"""What surrounds the display filter's line: its completion, its history, and the filters that have a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QInputDialog, QLineEdit

from trafficdesk.detect.families import FAMILIES
from trafficdesk.packets.filter_choices import Known
from trafficdesk.ui import saved_filter
from trafficdesk.ui.details_menu import DetailsMenu
from trafficdesk.ui.saved_filter import LONGEST_NAME, MOST

if TYPE_CHECKING:
    from trafficdesk.packets.display_filter import DisplayFilter
    from trafficdesk.packets.filter_completion import Offer
    from trafficdesk.packets.log import PacketLog
    from trafficdesk.settings import Settings
    from trafficdesk.ui.main_window import MainWindow
    from trafficdesk.ui.preferences import Preferences


class FilterCommands(QObject):
    """Asks the person where it must; the settings remember."""

    def __init__(
        self, window: MainWindow, preferences: Preferences, log: PacketLog, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._preferences = preferences
        self._log = log
        self._line = window.filter_bar
        self._buttons = window.saved_filters
        self._line.set_completion(self.complete)
        self._line.applied.connect(self._on_applied)
        self._line.save_requested.connect(self.save)
        self._buttons.chosen.connect(self._on_chosen)
        self._buttons.changed.connect(self.change)
        self._details = DetailsMenu(window.page.details.tree, lambda: self._line.applied_expression, self)
        self._details.filter_wanted.connect(self._line.set_expression)
        preferences.changed.connect(self._on_settings)
        self._show(preferences.settings)

    def complete(self, expression: str, cursor: int) -> Offer:
        """What may be written at `cursor`, with the names that this capture has."""
        from trafficdesk.packets.filter_completion import complete

        families = tuple(family.name for family in FAMILIES)
        return complete(expression, cursor, Known(families, self._log.identities, self._log.interfaces))

    @Slot(str)
    def save(self, expression: str) -> None:
        """Ask for a name and give the filter a button."""
        filters = self._filters
        if len(filters) >= MOST:
            self._window.banner.show_message(
                f"{MOST} filters have a button already.", "Remove one of them first.", "warning"
            )
            return
        name = self._ask("Keep this filter as a button", expression[:LONGEST_NAME])
        if name:
            self._remember(saved_filter.kept(filters, name, expression))

    @Slot(str, str)
    def change(self, name: str, choice: str) -> None:
        """Do what was asked for a button (`saved_filters.CHOICES`)."""
        filters = self._filters
        if choice == "rename":
            new = self._ask("Rename the button", name)
            filters = saved_filter.renamed(filters, name, new)
            if new not in {"", name} and filters == self._filters:
                self._window.banner.show_message(
                    "Another button has that name.", "Choose one that is free.", "warning"
                )
        elif choice == "replace":
            filters = saved_filter.kept(filters, name, self._line.applied_expression)
        elif choice == "remove":
            filters = saved_filter.without(filters, name)
        else:
            filters = saved_filter.moved(filters, name, 1 if choice == "right" else -1)
        self._remember(filters)

    @property
    def _filters(self) -> tuple[saved_filter.SavedFilter, ...]:
        return saved_filter.from_lines(self._preferences.settings.view.saved_filters)

    def _ask(self, title: str, usual: str) -> str:
        text, accepted = QInputDialog.getText(
            self._window, title, "Name", QLineEdit.EchoMode.Normal, " ".join(usual.split())
        )
        return " ".join(text.split()) if accepted else ""

    def _remember(self, filters: tuple[saved_filter.SavedFilter, ...]) -> None:
        self._preferences.set_saved_filters(saved_filter.to_lines(filters))

    def _show(self, settings: Settings) -> None:
        self._line.set_history(settings.view.recent_display_filters)
        self._buttons.set_filters(saved_filter.from_lines(settings.view.saved_filters))

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.view != now.view:
            self._show(now)

    @Slot(object)
    def _on_applied(self, display_filter: DisplayFilter | None) -> None:
        expression = display_filter.expression.strip() if display_filter is not None else ""
        self._buttons.show_applied(expression)
        if expression:
            self._preferences.add_display_filter(expression)

    @Slot(str)
    def _on_chosen(self, expression: str) -> None:
        if expression:
            self._line.set_expression(expression)
        else:
            self._line.clear_and_apply()
