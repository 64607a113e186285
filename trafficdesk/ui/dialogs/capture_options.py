"""How the next capture is made: on what, with which filter, until when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.ui.dialogs.capture_page import CaptureForm, check_capture_filter
from trafficdesk.ui.icons import put_beside_words
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.panels.interface_delegate import ROW_HEIGHT
from trafficdesk.ui.panels.interface_list import InterfaceList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trafficdesk.capture.interfaces import InterfaceInfo
    from trafficdesk.settings import CaptureSettings, Settings
    from trafficdesk.ui.interface_lister import Listing
    from trafficdesk.ui.interface_watch import InterfaceWatch
    from trafficdesk.ui.theme import Tokens

_ROWS = 4
"""Interfaces seen without scrolling."""


class OptionsForm(CaptureForm):
    """The capture settings that change from one capture to the next."""

    title: ClassVar[str] = "How to capture"

    def build(self) -> None:
        """The filter first: it is what changes most often."""
        self.add_filter()
        self.add_field("promiscuous")
        self.add_field(
            "snap_length", tip="What is kept of each packet; its length on the wire is known in any case"
        )
        self.add_ring()
        self.add_stops(QBoxLayout.Direction.LeftToRight)


class CaptureOptions(QDialog):
    """Interfaces and capture settings in one place.

    Signals
    -------
    accepted_options : the choice of interfaces (see `interface_names`), the `Settings`, and whether to start.

    Parameters
    ----------
    settings : to start from.
    interfaces : what there is to choose from.
    choice : the interfaces ticked at first.
    watch : asked for the rates.
    check_filter : why an expression is no filter for the interfaces named, or None; called in a thread.
    capturing : whether a capture runs that Start would end.
    """

    accepted_options = Signal(str, object, bool)

    def __init__(
        self,
        settings: Settings,
        interfaces: Sequence[InterfaceInfo],
        choice: str,
        tokens: Tokens,
        parent: QWidget | None = None,
        *,
        watch: InterfaceWatch | None = None,
        check_filter: Callable[[str, Sequence[str]], str | None] = check_capture_filter,
        capturing: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Capture options")
        self._settings = settings
        self._names: tuple[str, ...] = ()
        """Chosen interfaces, for the thread that checks the filter."""
        self.interfaces = InterfaceList(tokens, watch, checkable=True)
        self.interfaces.setFixedHeight(_ROWS * ROW_HEIGHT + 2)
        self.form = OptionsForm(
            settings.capture,
            tokens,
            check_filter=lambda expression: check_filter(expression, self._names),
            recent_filters=settings.view.recent_capture_filters,
        )
        self._lay_out(tokens, "Restart capture" if capturing else "Start capture")
        self.interfaces.choice_changed.connect(self._follow)
        self.form.edited.connect(self._follow)
        self.form.filter.judged.connect(self._follow)
        self.set_interfaces(interfaces, choice)
        self.resize(720, 740)

    def set_interfaces(self, interfaces: Sequence[InterfaceInfo], choice: str = "") -> None:
        """Offer these; `choice` is ticked unless a person has ticked something."""
        self.interfaces.set_interfaces(interfaces, choice)
        rows = min(max(len(interfaces), 1), _ROWS)
        self.interfaces.setFixedHeight(rows * ROW_HEIGHT + 2)
        self._follow()

    @Slot(object)
    def take_listing(self, listing: Listing) -> None:
        """Interfaces were listed anew."""
        self.set_interfaces(listing[0])

    def entered(self) -> Settings:
        """The settings as entered now."""
        capture: CaptureSettings = self.form.section()
        return replace(self._settings, capture=capture)

    @Slot()
    def start(self) -> None:
        """Capture with what is entered."""
        self._finish(start=True)

    @Slot()
    def keep(self) -> None:
        """Remember what is entered, for the next capture."""
        self._finish(start=False)

    def _finish(self, *, start: bool) -> None:
        problem = self.form.problem()
        if problem is not None:
            problem[1].setFocus(Qt.FocusReason.OtherFocusReason)
            self._complain(problem[0])
            return
        self.accepted_options.emit(self.interfaces.choice(), self.entered(), start)
        self.accept()

    @Slot()
    def _follow(self) -> None:
        chosen = self.interfaces.selected()
        names = tuple(info.name for info in chosen)
        if names != self._names:
            self._names = names
            self.form.filter.check_again()
        refused = next((info for info in chosen if not info.permitted), None)
        self.start_button.setEnabled(bool(chosen) and refused is None)
        self._complain(
            refused.why_not if refused else "" if chosen else "Tick at least one interface to capture on."
        )

    def _complain(self, words: str) -> None:
        self.error.setText(words)
        self.error.setVisible(bool(words))

    def _lay_out(self, tokens: Tokens, start_words: str) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(24, 20, 24, 0)
        top.setSpacing(8)
        top.addWidget(plain_label("Interfaces", "head"))
        top.addWidget(self.interfaces)
        page = QWidget()
        page.setProperty("class", "page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.form, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self._make_foot(tokens, start_words))
        self.start_button.setDefault(True)  # within the dialog: else its first button is

    def _make_foot(self, tokens: Tokens, start_words: str) -> QFrame:
        foot = QFrame()
        foot.setProperty("class", "side")
        self.error = plain_label("", "error")
        self.error.setWordWrap(True)
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error.setAccessibleName("Problem")
        self.error.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start_button = buttons.addButton(start_words, QDialogButtonBox.ButtonRole.AcceptRole)
        self.start_button.setProperty("class", "primary")
        put_beside_words(self.start_button, "start", tokens.on_accent)
        self.save_button = buttons.addButton("Save", QDialogButtonBox.ButtonRole.ApplyRole)
        self.save_button.setToolTip("Keep these options for the next capture")
        self.save_button.clicked.connect(self.keep)
        buttons.accepted.connect(self.start)
        buttons.rejected.connect(self.reject)
        for button in buttons.buttons():
            if isinstance(button, QPushButton):
                button.setAutoDefault(button is self.start_button)
        column = QVBoxLayout(foot)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.error)
        column.addWidget(buttons)
        return foot
