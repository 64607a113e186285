"""Colouring of packets: on or off, and the list of rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot

from trafficdesk.detect.families import FAMILIES
from trafficdesk.ui.colour_rule import Colouring, from_lines, to_lines

if TYPE_CHECKING:
    from trafficdesk.packets.display_filter import DisplayFilter
    from trafficdesk.settings import Settings, ViewSettings
    from trafficdesk.ui.desk import Desk


class ColourCommands(QObject):
    """Joins the settings, the dialog and the table."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        actions = desk.window.actions_
        actions["colour_packets"].setCheckable(True)
        actions["colour_packets"].triggered.connect(self._on_toggled)
        actions["colour_rules"].triggered.connect(self.edit)
        desk.preferences.changed.connect(self._on_settings)
        self._show(desk.preferences.settings.view)

    @Slot()
    def edit(self) -> None:
        """Let the person change the rules; who does wants to see them."""
        from trafficdesk.ui.dialogs.colour_rules import ColourRulesDialog

        view = self._desk.preferences.settings.view
        window = self._desk.window
        dialog = ColourRulesDialog(from_lines(view.colour_rules), self._compiled, window.tokens, window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self._on_accepted)
        # Not exec: packets go on arriving, and nothing waits for an answer.
        dialog.open()

    @Slot()
    def _on_accepted(self) -> None:
        rules = to_lines(self.sender().rules)  # type: ignore[attr-defined]  # the dialog of `edit`
        view = self._desk.preferences.settings.view
        self._set(replace(view, colour_rules=rules, colour_packets=True))

    @Slot(bool)
    def _on_toggled(self, checked: bool) -> None:
        self._set(replace(self._desk.preferences.settings.view, colour_packets=checked))

    def _set(self, view: ViewSettings) -> None:
        self._desk.preferences.set(replace(self._desk.preferences.settings, view=view))

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if (before.view.colour_packets, before.view.colour_rules) != (
            now.view.colour_packets,
            now.view.colour_rules,
        ):
            self._show(now.view)

    def _show(self, view: ViewSettings) -> None:
        self._desk.window.actions_["colour_packets"].setChecked(view.colour_packets)
        colouring = Colouring(from_lines(view.colour_rules), self._compiled) if view.colour_packets else None
        self._desk.model.set_colouring(colouring)

    def _compiled(self, expression: str) -> DisplayFilter:
        from trafficdesk.packets.display_filter import compile_filter

        names = tuple(family.name for family in FAMILIES)
        return compile_filter(expression, names, self._desk.session.log.identities)
