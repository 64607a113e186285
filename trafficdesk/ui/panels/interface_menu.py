"""The menu of the capture bar's chooser: a click takes one interface, Ctrl+click or Space several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from trafficdesk.capture.interfaces import ANY, interface_names, joined
from trafficdesk.ui.panels.interface_delegate import name_of, state_of
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trafficdesk.capture.interfaces import InterfaceInfo


class InterfaceMenu(QMenu):
    """A tick at every interface that is chosen.

    Signals
    -------
    chosen : the choice, see `interface_names`; once, when the menu closes.

    Parameters
    ----------
    further : actions below the interfaces.
    """

    chosen = Signal(str)

    def __init__(self, further: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._further = further
        self._choice = ""
        self._choices: list[QAction] = []
        self._late: tuple[InterfaceInfo, ...] | None = None
        self.aboutToHide.connect(self._tell)
        self.installEventFilter(self)
        self.set_interfaces(())

    def set_interfaces(self, interfaces: Iterable[InterfaceInfo]) -> None:
        """Offer these; while the menu is open, after it was closed."""
        if self.isVisible():
            self._late = tuple(interfaces)
            return
        self.clear()
        self._choices = [self._entry(info) for info in interfaces]
        self.addActions(self._choices)
        if self._choices:
            note = self.addAction("Several: Ctrl+click, or Space")
        else:
            note = self.addAction("No interface found")
        note.setEnabled(False)
        self.addSeparator()
        self.addActions(self._further)
        self.choose(self._choice)

    def choose(self, choice: str) -> None:
        """Tick these, and no others."""
        self._choice = choice
        names = interface_names(choice)
        for action in self._choices:
            action.setChecked(action.data() in names)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+click and Space tick, and leave the menu open."""
        action = self._meant(event)
        if action is None:
            return super().eventFilter(watched, event)
        if event.type() is not QEvent.Type.MouseButtonPress:
            self._toggle(action)
        return True

    def _meant(self, event: QEvent) -> QAction | None:
        """The interface that `event` ticks or clears."""
        action: QAction | None = None
        if isinstance(event, QMouseEvent) and event.type() in {
            QEvent.Type.MouseButtonPress,
            QEvent.Type.MouseButtonRelease,
        }:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                action = self.actionAt(event.position().toPoint())
        elif (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Space
        ):
            action = self.activeAction()
        return action if action in self._choices else None

    def _toggle(self, action: QAction) -> None:
        action.setChecked(not action.isChecked())
        if action.isChecked():
            # "All interfaces" and one of them exclude each other.
            for other in self._choices:
                if other is not action and ANY in {other.data(), action.data()}:
                    other.setChecked(False)

    def _entry(self, info: InterfaceInfo) -> QAction:
        notes = [*info.addresses[:2], *([] if info.is_up and info.permitted else [state_of(info)])]
        text = name_of(info) + (f"\t{visible(' · '.join(notes))}" if notes else "")
        action = QAction(text.replace("&", "&&"), self)
        action.setCheckable(True)
        action.setData(info.name)
        action.triggered.connect(self._on_only)
        return action

    @Slot()
    def _on_only(self) -> None:
        """A plain click: this one alone."""
        action = self.sender()
        if isinstance(action, QAction):
            self.choose(str(action.data()))
            self.chosen.emit(self._choice)

    @Slot()
    def _tell(self) -> None:
        ticked = joined(str(action.data()) for action in self._choices if action.isChecked())
        offered = {str(action.data()) for action in self._choices}
        before = joined(name for name in interface_names(self._choice) if name in offered)
        if ticked and set(interface_names(ticked)) != set(interface_names(before)):
            self._choice = ticked
            self.chosen.emit(ticked)
        if self._late is not None:
            # Not now: the entry that was clicked is still to be triggered.
            late, self._late = self._late, None
            QTimer.singleShot(0, self, lambda: self.set_interfaces(late))
