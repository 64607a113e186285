"""The selected packet: its layers as a tree beside its bytes, each pointing at the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QHeaderView,
    QSplitter,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.ui.labels import ElidedLabel, plain_label, tooltip
from trafficdesk.ui.panels.hex_view import HexView
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from trafficdesk.decode.dissect import DissectedField, DissectedLayer
    from trafficdesk.ui.theme import Tokens

NOTHING_SELECTED: Final = "Select a packet to see its layers and bytes."
NOT_KEPT: Final = "The bytes of this packet are no longer kept. The settings say how many raw frames are."
_START: Final = int(Qt.ItemDataRole.UserRole)
_STOP: Final = _START + 1
_TREE_MARGINS: Final = (8, 6, 0, 0)
_TREE_WIDTH: Final = 240
"""To begin with; it takes the room that the bytes leave."""
_ROW: Final = QSize(0, 20)
_LONGEST: Final = 400
"""Characters of a value shown in the tree; the tooltip and the bytes have the rest."""


class DetailsPane(QStackedWidget):
    """Who it was, layer tree and hex view, or one sentence where there is nothing to show."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = plain_label(NOTHING_SELECTED, "muted")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self.tree = _tree()
        self.hex = HexView(tokens)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.tree)
        self.splitter.addWidget(self.hex)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([_TREE_WIDTH, self.hex.sizeHint().width()])
        self._who = ElidedLabel()
        self._who.setContentsMargins(12, 4, 12, 4)
        self._comment = ElidedLabel()
        self._comment.setContentsMargins(12, 4, 12, 4)
        self._packet = QWidget()
        column = QVBoxLayout(self._packet)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._who)
        column.addWidget(self._comment)
        column.addWidget(self.splitter, 1)
        self._who.hide()
        self._comment.hide()
        self.addWidget(self._sentence)
        self.addWidget(self._packet)
        self.setProperty("class", "side")
        self.tree.currentItemChanged.connect(self._on_item_changed)
        self.hex.byte_clicked.connect(self._on_byte_clicked)

    @property
    def sentence(self) -> str:
        """What stands there instead of a packet; empty while one is shown."""
        return self._sentence.text() if self.currentWidget() is self._sentence else ""

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self.hex.apply_theme(tokens)

    def show_sentence(self, sentence: str) -> None:
        """No packet to show, and why."""
        self._sentence.setText(sentence)
        self.tree.clear()
        self.hex.set_data(b"")
        self.setCurrentWidget(self._sentence)

    def show_bytes(self, data: bytes) -> None:
        """The packet's bytes; its layers follow when they are dissected."""
        self.tree.clear()
        self.hex.set_data(data)
        self.setCurrentWidget(self._packet)

    def show_who(self, line: str) -> None:
        """Program, peer and place of the packet that is shown; empty where nothing is known."""
        self._who.set_whole(line)
        self._who.setVisible(bool(line))

    @property
    def who(self) -> str:
        """What is said of program and peer."""
        return self._who.whole()

    def show_comment(self, comment: str) -> None:
        """What is said of the packet that is shown; empty where nothing is."""
        self._comment.set_whole(f"Comment: {' · '.join(comment.splitlines())}" if comment else "")
        self._comment.setVisible(bool(comment))

    @property
    def comment(self) -> str:
        """The line of the packet's comments."""
        return self._comment.whole()

    def show_layers(self, layers: tuple[DissectedLayer, ...]) -> None:
        """The layers of the packet whose bytes are shown; the last one opened."""
        self.tree.blockSignals(True)
        self.tree.clear()
        items = [_layer_item(layer) for layer in layers]
        self.tree.addTopLevelItems(items)
        self.tree.blockSignals(False)
        if items:
            items[-1].setExpanded(True)

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_item_changed(self, item: QTreeWidgetItem | None, _previous: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.hex.highlight(item.data(0, _START), item.data(0, _STOP))

    @Slot(int)
    def _on_byte_clicked(self, offset: int) -> None:
        item = self._item_of(offset)
        if item is not None:
            self.tree.setCurrentItem(item)
            self.tree.scrollToItem(item)

    def _item_of(self, offset: int) -> QTreeWidgetItem | None:
        """The narrowest field, else the innermost layer, that covers a byte."""
        best: QTreeWidgetItem | None = None
        for number in range(self.tree.topLevelItemCount()):
            layer = self.tree.topLevelItem(number)
            for item in _family(layer):
                if (
                    item is not None
                    and _covers(item, offset)
                    and (best is None or _width(item) <= _width(best))
                ):
                    best = item
        return best


class _Tree(QTreeWidget):
    def __init__(self) -> None:
        super().__init__()

    def updateGeometries(self) -> None:
        """Room at the left and above: Qt sets margins of its own whenever it lays out."""
        super().updateGeometries()
        self.setViewportMargins(*_TREE_MARGINS)


def _tree() -> QTreeWidget:
    tree = _Tree()
    tree.setColumnCount(1)
    tree.setHeaderHidden(True)
    tree.setUniformRowHeights(True)
    tree.setIndentation(16)
    tree.setAccessibleName("Layers")
    tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    return tree


def _family(layer: QTreeWidgetItem | None) -> list[QTreeWidgetItem | None]:
    """A layer and its fields."""
    return [layer, *(layer.child(number) for number in range(layer.childCount()))] if layer else []


def _layer_item(layer: DissectedLayer) -> QTreeWidgetItem:
    text = f"{layer.name} · {layer.summary}" if layer.summary else layer.name
    item = _item(text, layer.start, layer.stop)
    item.addChildren([_field_item(field) for field in layer.fields])
    return item


def _field_item(field: DissectedField) -> QTreeWidgetItem:
    return _item(f"{field.name}: {field.value}", field.start, field.stop)


def _item(text: str, start: int, stop: int) -> QTreeWidgetItem:
    text = visible(text)
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    item = QTreeWidgetItem([short])
    item.setSizeHint(0, _ROW)
    item.setToolTip(0, tooltip(text[: 4 * _LONGEST]))
    item.setData(0, _START, start)
    item.setData(0, _STOP, stop)
    return item


def _width(item: QTreeWidgetItem) -> int:
    return int(item.data(0, _STOP)) - int(item.data(0, _START))


def _covers(item: QTreeWidgetItem, offset: int) -> bool:
    return int(item.data(0, _START)) <= offset < int(item.data(0, _STOP))
