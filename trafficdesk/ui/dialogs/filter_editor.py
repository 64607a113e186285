"""A capture filter, checked while it is typed, with those used before and some common ones at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from trafficdesk.ui.dialogs.field_editors import TextEditor
from trafficdesk.ui.dialogs.job import Job
from trafficdesk.ui.dialogs.settings_page import set_state
from trafficdesk.ui.icons import icon
from trafficdesk.ui.theme import mono_font
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.ui.theme import Tokens

CheckFilter = Callable[[str], "str | None"]
"""Why an expression is no capture filter; None = it is one."""

COMMON_FILTERS: Final = (
    ("not port 22", "all but SSH"),
    ("port 53", "DNS"),
    ("tcp port 80 or tcp port 443", "the web"),
    ("icmp or icmp6", "ping and errors"),
    ("arp", "who has which address"),
    ("not broadcast and not multicast", "to one receiver only"),
    ("udp port 67 or udp port 68", "DHCP"),
    ("tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0", "TCP beginnings and ends"),
)
"""pcap-filter(7), and what each leaves."""

_CHECK_AFTER_MS: Final = 250
"""A pause in typing; half a word is always wrong."""


class FilterEditor(TextEditor):
    """A capture filter; whether it compiles is found out in a thread, the last text wins.

    Signals
    -------
    judged : "" where it compiles or is empty, else the reason why not.

    Parameters
    ----------
    check : returns why an expression does not compile, or None; called in a thread.
    recent : filters used before, offered with some common ones in a menu at the right.
    """

    judged = Signal(str)

    def __init__(self, check: CheckFilter, recent: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recent = tuple(recent)
        self._check = check
        self._job: Job | None = None
        self._known: tuple[str, str] = ("", "")
        self.setFont(mono_font())
        self.setAccessibleName("Capture filter")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_CHECK_AFTER_MS)
        self._timer.timeout.connect(self._begin)
        self.textChanged.connect(self._wait)
        self._offer = self.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
        self._offer.setText("Recent and common filters")
        self._offer.setToolTip("Recent and common filters (Alt+Down)")
        self._offer.setShortcut(QKeySequence("Alt+Down"))
        self._offer.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._offer.triggered.connect(self._show_offer)

    def problem(self) -> str:
        """Why it does not compile; asks at once if it is not known yet."""
        text = self.field_value()
        if text and self._known[0] != text:
            self._known = (text, self._check(text) or "")
            self._judge()
        return self._known[1] if text else ""

    def check_again(self) -> None:
        """What is checked against has changed."""
        self._known = ("", "")
        if self.field_value():
            self._wait()

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._offer.setIcon(icon("chevron-down", tokens.muted))

    def offer(self) -> QMenu:
        """The menu of filters used before and of common ones."""
        menu = QMenu(self)
        for title, filters in (
            ("Recent", tuple((text, "") for text in self._recent)),
            ("Common", COMMON_FILTERS),
        ):
            if filters:
                menu.addAction(title).setEnabled(False)
            for text, words in filters:
                shown = visible(text) + (f"\t{words}" if words else "")
                action = menu.addAction(shown.replace("&", "&&"))
                action.setData(text)
                action.triggered.connect(self._use)
        return menu

    @Slot()
    def _show_offer(self) -> None:
        menu = self.offer()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    @Slot()
    def _use(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.setText(str(action.data()))
            self.edited.emit()

    def _wait(self) -> None:
        set_state(self, "")
        self._timer.start()
        if not self.field_value():
            self.judged.emit("")

    def _begin(self) -> None:
        text = self.field_value()
        if not text or self._job is not None:
            return
        check = self._check
        self._job = Job(lambda: (text, check(text) or ""), "Checking the capture filter")
        self._job.succeeded.connect(self._take)
        self._job.failed.connect(self._give_up)
        self._job.start()

    @Slot(object)
    def _take(self, answer: tuple[str, str]) -> None:
        self._job = None
        if answer[0] == self.field_value():
            self._known = answer
            self._judge()
        else:
            self._timer.start()

    @Slot(object)
    def _give_up(self, _error: object) -> None:
        # Not knowing is no reason to refuse: the capture itself checks again.
        self._job = None

    def _judge(self) -> None:
        reason = self._known[1]
        set_state(self, "invalid" if reason else "valid")
        self.judged.emit(reason)
