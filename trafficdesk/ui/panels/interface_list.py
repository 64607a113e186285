"""The interfaces to capture on, one painted row each; one or several can be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from trafficdesk.capture.interfaces import ANY, interface_names, joined
from trafficdesk.ui.labels import tooltip
from trafficdesk.ui.panels.interface_delegate import (
    INFO,
    ROW_HEIGHT,
    InterfaceDelegate,
    name_of,
    rate_words,
    state_of,
)
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QShowEvent

    from trafficdesk.capture.interfaces import InterfaceInfo
    from trafficdesk.ui.interface_watch import InterfaceWatch
    from trafficdesk.ui.theme import Tokens


class InterfaceList(QListWidget):
    """A list to choose interfaces from; Ctrl and Shift choose several, as in every list.

    Signals
    -------
    activated_choice : the choice that was double-clicked or entered.
    choice_changed : the choice a person has made; see `interface_names`.

    Parameters
    ----------
    watch : asked for rates while the list is visible; None shows none.
    checkable : whether every row has a box to tick, and Enter is left to the dialog around.
    """

    activated_choice = Signal(str)
    choice_changed = Signal(str)

    def __init__(
        self,
        tokens: Tokens,
        watch: InterfaceWatch | None = None,
        parent: QWidget | None = None,
        *,
        checkable: bool = False,
    ) -> None:
        super().__init__(parent)
        self._watch = watch
        self._checkable = checkable
        self._wanted: tuple[str, ...] = ()
        """What a person has chosen, whether it is there just now or not."""
        self._shown_choice: tuple[str, ...] = ()
        self._filling = False
        self._delegate = InterfaceDelegate(
            tokens, watch.histories if watch else None, self, checkable=checkable
        )
        self.setItemDelegate(self._delegate)
        self.setSelectionMode(
            QAbstractItemView.SelectionMode.MultiSelection
            if checkable
            else QAbstractItemView.SelectionMode.ExtendedSelection
        )
        self.setAccessibleName("Interfaces")
        self.setStyleSheet("QListWidget { background: transparent; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        # Not itemActivated: desktops that activate by one click would leave no way to choose several.
        self.itemDoubleClicked.connect(self._on_double_click)
        self.itemSelectionChanged.connect(self._on_selection)
        if watch is not None:
            watch.sampled.connect(self._show_rates)

    def set_interfaces(self, interfaces: Sequence[InterfaceInfo], preferred: str = "") -> None:
        """Show `interfaces`; the choice and the place scrolled to stay.

        Parameters
        ----------
        preferred : chosen unless a person has chosen already; see `interface_names`.
        """
        self._wanted = self._wanted or interface_names(preferred)
        self._filling = True
        try:
            if [info.name for info in interfaces] != self._names():
                self._rebuild(interfaces)
            for row, info in enumerate(interfaces):
                _fill(self.item(row), info)
            self._select(self._choice_among(interfaces))
        finally:
            self._filling = False
        self._show_rates()
        self.setMaximumHeight(self.sizeHint().height())

    def choose(self, choice: str) -> None:
        """Make `choice` the one, as if a person had; what is not there now is chosen when it comes."""
        self._wanted = interface_names(choice)
        self._filling = True
        self._select(self._choice_among(self._infos()))
        self._filling = False

    def selected(self) -> tuple[InterfaceInfo, ...]:
        """The chosen interfaces, in the list's order."""
        return tuple(item.data(INFO) for item in self._items() if item.isSelected())

    def choice(self) -> str:
        """The chosen interfaces as settings have them; empty where none is."""
        return joined(info.name for info in self.selected())

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._delegate.tokens = tokens
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """All rows."""
        return QSize(480, max(self.count(), 1) * ROW_HEIGHT + 2)

    def showEvent(self, event: QShowEvent) -> None:
        """Rates are read while they can be seen."""
        super().showEvent(event)
        if self._watch is not None:
            self._watch.hold(self)

    def hideEvent(self, event: QHideEvent) -> None:
        """And only then."""
        super().hideEvent(event)
        if self._watch is not None:
            self._watch.release(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter starts on what is chosen."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if self._checkable:
                event.ignore()
            elif choice := self.choice():
                self.activated_choice.emit(choice)
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Beside the rows there is nothing to choose, and nothing to lose."""
        if self.indexAt(event.position().toPoint()).isValid():
            super().mousePressEvent(event)

    @Slot(QListWidgetItem)
    def _on_double_click(self, item: QListWidgetItem) -> None:
        if not self._checkable:
            self.activated_choice.emit(self.choice() if item.isSelected() else item.data(INFO).name)

    @Slot()
    def _on_selection(self) -> None:
        if self._filling:
            return
        names = tuple(info.name for info in self.selected())
        if ANY in names and len(names) > 1:
            # "All interfaces" and one of them exclude each other: what was chosen last holds.
            names = (ANY,) if ANY not in self._shown_choice else tuple(set(names) - {ANY})
            self._filling = True
            self._select(names)
            self._filling = False
        self._shown_choice = self._wanted = tuple(info.name for info in self.selected())
        self.choice_changed.emit(self.choice())

    @Slot()
    def _show_rates(self) -> None:
        if self._watch is None:
            return
        for item in self._items():
            info = item.data(INFO)
            words = rate_words(self._watch.histories.latest(info)) if info.is_up else ""
            if item.data(Qt.ItemDataRole.AccessibleDescriptionRole) != words:
                item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, words)
        self.viewport().update()

    def _rebuild(self, interfaces: Sequence[InterfaceInfo]) -> None:
        """Other rows, the same place and current row."""
        place, current = self.verticalScrollBar().value(), self.currentItem()
        name = current.data(INFO).name if current is not None else ""
        self.clear()
        for _ in interfaces:
            self.addItem(QListWidgetItem())
        names = [info.name for info in interfaces]
        if name in names:
            self.selectionModel().setCurrentIndex(
                self.model().index(names.index(name), 0), self.selectionModel().SelectionFlag.NoUpdate
            )
        self.doItemsLayout()
        self.verticalScrollBar().setValue(place)

    def _choice_among(self, interfaces: Sequence[InterfaceInfo]) -> tuple[str, ...]:
        """What was wanted as far as it is there, else the first that can be used, else the first."""
        names = [info.name for info in interfaces]
        usable = [info.name for info in interfaces if info.permitted and info.is_up]
        return tuple(name for name in self._wanted if name in names) or tuple((usable or names)[:1])

    def _select(self, names: Sequence[str]) -> None:
        for item in self._items():
            item.setSelected(item.data(INFO).name in names)
        self._shown_choice = tuple(names)
        current = self.currentItem()
        if names and (current is None or not (current.isSelected() or self.hasFocus())):
            row = self._names().index(names[0])
            self.selectionModel().setCurrentIndex(
                self.model().index(row, 0), self.selectionModel().SelectionFlag.NoUpdate
            )

    def _items(self) -> list[QListWidgetItem]:
        return [self.item(row) for row in range(self.count())]

    def _infos(self) -> list[InterfaceInfo]:
        return [item.data(INFO) for item in self._items()]

    def _names(self) -> list[str]:
        return [info.name for info in self._infos()]


def _fill(item: QListWidgetItem, info: InterfaceInfo) -> None:
    if item.data(INFO) == info:
        return
    item.setText(name_of(info))
    item.setData(INFO, info)
    parts = (name_of(info), visible(", ".join(info.addresses)), state_of(info))
    spoken = ", ".join(part for part in parts if part)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
    item.setToolTip(tooltip(f"{spoken}. {visible(info.why_not)}" if info.why_not else spoken))
