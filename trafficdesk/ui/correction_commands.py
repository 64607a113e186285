"""What a person can say of flags: joins menus, keys, cards and dialogs with the corrections."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from trafficdesk.detect.corrections import Corrections, Once
from trafficdesk.detect.labelling import Propose
from trafficdesk.detect.labels import Label, Stance
from trafficdesk.detect.suppression import SuppressionRule
from trafficdesk.ui.correction_controller import CorrectionController
from trafficdesk.ui.correction_target import Target, of_incident, of_rows, rule_for
from trafficdesk.ui.panels.correction_buttons import EVIDENCE
from trafficdesk.ui.panels.incident_card import IncidentCard, title_of

if TYPE_CHECKING:
    from trafficdesk.detect.labelling import Proposal
    from trafficdesk.export.corrections_json import CorrectionStore
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.dialogs.correction import CorrectionDialog
    from trafficdesk.ui.dialogs.corrections import CorrectionsDialog

_STANCES = {"expected": Stance.EXPECTED, "suspicious": Stance.SUSPICIOUS}


class CorrectionCommands(QObject):
    """Expected, Suspicious, Just this once, suppression rules, undo, and the list of them all."""

    def __init__(self, desk: Desk, store: CorrectionStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._window = desk.window
        self.controller = CorrectionController(desk, store, self)
        self._list: CorrectionsDialog | None = None
        self._asking: CorrectionDialog | None = None
        """What waits for its preview."""
        actions = desk.window.actions_
        for name in ("expected", "suspicious", "once", "suppress"):
            actions[name].triggered.connect(self._on_action)
            actions[name].setData(name)
        actions["undo"].triggered.connect(self.undo)
        actions["redo"].triggered.connect(self.redo)
        actions["corrections"].triggered.connect(self.show_list)
        actions["show_suppressed"].triggered.connect(self.show_suppressed)
        desk.window.status.suppressed_clicked.connect(self.show_suppressed)
        desk.window.page.anomalies.correction_wanted.connect(self.correct_incident)
        self.controller.changed.connect(self._show)
        self.controller.failed.connect(desk.window.banner.show_error)
        if self.controller.warnings:
            desk.window.banner.show_message(self.controller.warnings[0], "", "warning")
        self._show()

    @Slot(int, str)
    def correct_incident(self, incident_id: int, what: str) -> None:
        """Say something of an incident: expected, suspicious, once or suppress."""
        incident = self._desk.session.findings.incident(incident_id)
        if incident is not None and what != EVIDENCE:
            self._correct(of_incident(self._desk.session, incident, title_of(incident)), what)

    def correct_rows(self, what: str) -> None:
        """Say something of the selected rows."""
        ids = self._window.page.table.selected_ids()
        if not len(ids):
            self._window.banner.show_message(
                "No packet is selected.", "Choose highlighted ones, or an incident on the right.", "warning"
            )
            return
        target = of_rows(self._desk.session, ids, flagged_only=what != "suspicious")
        if not target.groups:
            self._window.banner.show_message(
                "None of the selected packets is flagged.", "Choose highlighted ones.", "warning"
            )
            return
        self._correct(target, what)

    @Slot()
    def undo(self) -> None:
        """Take back what was said last."""
        if self.controller.can_undo:
            self.controller.undo()
            self._window.banner.show_message("What was said last was taken back.", "Ctrl+Y says it again.")

    @Slot()
    def redo(self) -> None:
        """Say it again."""
        self.controller.redo()

    @Slot()
    def show_suppressed(self) -> None:
        """List what is suppressed."""
        self._window.filter_bar.set_expression("td.suppressed")

    @Slot()
    def show_list(self) -> None:
        """Everything that was said, in one place."""
        from trafficdesk.ui.dialogs.corrections import CorrectionsDialog

        dialog = CorrectionsDialog(self._window)
        dialog.edit_wanted.connect(self._edit)
        dialog.delete_wanted.connect(self._delete)
        dialog.switched.connect(self._switch)
        dialog.undo_wanted.connect(self.undo)
        dialog.redo_wanted.connect(self.redo)
        dialog.show_wanted.connect(self.show_suppressed)
        dialog.rule_wanted.connect(self._new_rule)
        dialog.finished.connect(self._on_list_closed)
        self._list = dialog
        self._show()
        dialog.open()

    def shut_down(self) -> None:
        """Write what was said last."""
        self.controller.shut_down()

    @Slot()
    def _on_action(self) -> None:
        what = str(self.sender().data())  # type: ignore[attr-defined]  # an action of ours
        focused = QApplication.focusWidget()
        if isinstance(focused, IncidentCard) and focused.incident is not None:
            self.correct_incident(focused.incident.id, what)
        else:
            self.correct_rows(what)

    def _correct(self, target: Target, what: str) -> None:
        if what == "once":
            self._dismiss(target)
        elif what == "suppress":
            self._suppress(target)
        else:
            self._propose(target, _STANCES[what])

    def _propose(self, target: Target, stance: Stance) -> None:
        from trafficdesk.ui.dialogs.correction import CorrectionDialog

        corrections = self.controller.corrections.detector_part()
        dialog = CorrectionDialog(stance, target.words, self._window.tokens, self._window)
        dialog.accepted.connect(self._on_accepted)
        dialog.finished.connect(self._on_decided)
        self._asking = dialog
        dialog.open()
        question = Propose(stance, target.groups, corrections, time.time_ns())

        def show(proposal: Proposal) -> None:
            if self._asking is dialog:  # else it was closed meanwhile
                dialog.show_proposal(proposal)

        if not self._desk.analysis.ask(question, show):
            dialog.show_nothing()

    @Slot()
    def _on_decided(self) -> None:
        self._asking = None

    @Slot()
    def _on_accepted(self) -> None:
        dialog = self.sender()
        proposal = dialog.proposal  # type: ignore[attr-defined]  # the dialog of `_propose`
        name = dialog.name.text().strip()  # type: ignore[attr-defined]
        # Meanwhile something else may have been said.
        first = self.controller.corrections.next_number
        labels = [replace(label, number=first + at, name=name) for at, label in enumerate(proposal.labels)]
        self.controller.set(self.controller.corrections.with_entries(*labels))
        self._window.banner.show_message(
            f"{proposal.consequences.calmed:,} packets calmed."
            if labels[0].stance is Stance.EXPECTED
            else f"{proposal.consequences.raised:,} packets are known-bad.",
            "Ctrl+Z takes it back.",
        )

    def _dismiss(self, target: Target) -> None:
        corrections = self.controller.corrections
        once = Once(corrections.next_number, target.incident, target.ids, target.words, time.time_ns())
        self.controller.set(corrections.with_entries(once))
        self._window.banner.show_message(
            f"Dismissed just this once: {target.words}.", "Nothing was learned of it. Ctrl+Z takes it back."
        )

    def _suppress(self, target: Target) -> None:
        self._edit_rule(self._rule_for(target))

    @Slot()
    def _new_rule(self) -> None:
        self._edit_rule(SuppressionRule(self.controller.corrections.next_number))

    def _rule_for(self, target: Target) -> SuppressionRule:
        """A rule that holds for all that was pointed at, as narrow as it can be said."""
        return rule_for(
            self._desk.session, target, self.controller.corrections.next_number, now_ns=time.time_ns()
        )

    def _edit_rule(self, rule: SuppressionRule) -> None:
        from trafficdesk.ui.dialogs.suppression_rule import SuppressionRuleDialog

        dialog = SuppressionRuleDialog(rule, self._count, time.time_ns(), self._list or self._window)
        dialog.accepted.connect(self._on_rule)
        dialog.open()

    def _count(self, rule: SuppressionRule) -> int:
        return self._desk.session.recall.preview(Corrections((rule,), rule.number))

    @Slot()
    def _on_rule(self) -> None:
        rule: SuppressionRule = self.sender().rule  # type: ignore[attr-defined]  # the dialog of `_edit_rule`
        rule = replace(rule, noted_ns=rule.noted_ns or time.time_ns())
        corrections = self.controller.corrections
        if corrections.entry(rule.number) is None:
            self.controller.set(corrections.with_entries(replace(rule, number=corrections.next_number)))
        else:
            self.controller.set(corrections.replaced(rule))

    @Slot(int)
    def _edit(self, number: int) -> None:
        entry = self.controller.corrections.entry(number)
        if isinstance(entry, SuppressionRule):
            self._edit_rule(entry)
        elif isinstance(entry, Label):
            self._rename(entry)

    def _rename(self, label: Label) -> None:
        from PySide6.QtWidgets import QInputDialog

        name, accepted = QInputDialog.getText(self._list, "Name", "Call it", text=label.name)
        if accepted:
            self.controller.set(self.controller.corrections.replaced(replace(label, name=name.strip()[:60])))

    @Slot(int)
    def _delete(self, number: int) -> None:
        self.controller.set(self.controller.corrections.without([number]))

    @Slot(int)
    def _switch(self, number: int) -> None:
        rule = self.controller.corrections.entry(number)
        if isinstance(rule, SuppressionRule):
            self.controller.set(self.controller.corrections.replaced(replace(rule, on=not rule.on)))

    @Slot()
    def _on_list_closed(self) -> None:
        self._list = None

    @Slot()
    def _show(self) -> None:
        controller, session = self.controller, self._desk.session
        self._window.actions_["undo"].setEnabled(controller.can_undo)
        self._window.actions_["redo"].setEnabled(controller.can_redo)
        if self._list is not None:
            self._list.show_corrections(
                controller.corrections,
                session.recall.hits(),
                incidents=len(session.suppressed_incidents),
                rows=session.recall.suppressed_rows,
                now_ns=time.time_ns(),
            )
            self._list.allow(undo=controller.can_undo, redo=controller.can_redo)
