"""The settings dialog: a page per section, applied at once or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.errors import SettingsError
from trafficdesk.settings.secrets import HistoryPassword
from trafficdesk.ui.dialogs.capture_page import CapturePage, check_capture_filter
from trafficdesk.ui.dialogs.detection_page import DetectionPage
from trafficdesk.ui.dialogs.history_page import HistoryPage
from trafficdesk.ui.dialogs.job import Job
from trafficdesk.ui.dialogs.mail_page import MailPage
from trafficdesk.ui.dialogs.page_list import PageList
from trafficdesk.ui.dialogs.plain_pages import AppearancePage, NamesPage
from trafficdesk.ui.dialogs.settings_defaults import keep_all, own_library, save_settings, send_test_with
from trafficdesk.ui.dialogs.threats_page import ThreatsPage
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trafficdesk.settings import Settings
    from trafficdesk.threats import Library
    from trafficdesk.ui.dialogs.filter_editor import CheckFilter
    from trafficdesk.ui.dialogs.mail_page import PasswordStore
    from trafficdesk.ui.dialogs.mail_trial import SendTest
    from trafficdesk.ui.dialogs.settings_page import SettingsPage
    from trafficdesk.ui.theme import Tokens


class SettingsDialog(QDialog):
    """All settings.

    Signals
    -------
    applied : the new `Settings`, after they were saved.
    kept : a password was stored.

    Parameters
    ----------
    settings : to start from.
    secrets : keeps the mail password.
    save : writes the settings; raises `SettingsError`. The settings file by default.
    send_test : see `MailPage`; through `alerts.smtp` by default.
    check_filter : see `CapturePage`; the system's BPF compiler by default.
    interfaces : (name, words) of what can be captured on.
    tokens : the theme's colours; after the palette by default.
    library : reads threat lists; the person's own by default.
    history_secrets : keeps the password of the history's server; the keyring by default.
    """

    applied = Signal(object)
    kept = Signal()

    def __init__(
        self,
        settings: Settings,
        secrets: PasswordStore,
        parent: QWidget | None = None,
        *,
        save: Callable[[Settings], None] | None = None,
        send_test: SendTest | None = None,
        check_filter: CheckFilter | None = None,
        interfaces: Sequence[tuple[str, str]] = (),
        tokens: Tokens | None = None,
        library: Library | None = None,
        history_secrets: PasswordStore | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._settings = settings
        self._save = save or save_settings
        self._storing: Job | None = None
        self._close_when_stored = False
        self._tokens = tokens or _tokens_of(self)
        self.mail_page = MailPage(
            settings.mail, self._tokens, secrets=secrets, send_test=send_test or send_test_with(secrets)
        )
        self.capture_page = CapturePage(
            settings.capture,
            self._tokens,
            check_filter=check_filter or check_capture_filter,
            interfaces=interfaces,
            recent_filters=settings.view.recent_capture_filters,
        )
        self.detection_page = DetectionPage(settings.detection, self._tokens)
        self.threats_page = ThreatsPage(settings.threats, self._tokens, library or own_library())
        self.pages: dict[str, SettingsPage] = {
            "capture": self.capture_page,
            "detection": self.detection_page,
            "names": NamesPage(settings.names, self._tokens),
            "threats": self.threats_page,
            "mail": self.mail_page,
            "history": HistoryPage(
                settings.history, self._tokens, secrets=history_secrets or HistoryPassword()
            ),
            "view": AppearancePage(settings.view, self._tokens),
        }
        self._build()
        self.apply_theme(self._tokens)
        for page in self.pages.values():
            page.edited.connect(self._follow_edit)
        self.mail_page.complained.connect(self._complain)
        self.mail_page.trial.ended.connect(self._show_outcome)
        self._follow_edit()
        self.resize(720, 640)

    def settings(self) -> Settings:
        """What was applied last, else what the dialog started from."""
        return self._settings

    def entered(self) -> Settings:
        """What is entered now."""
        return replace(self._settings, **{name: page.section() for name, page in self.pages.items()})

    def show_page(self, section: str) -> None:
        """Turn to the page of a section of `Settings`."""
        self.list.setCurrentRow(list(self.pages).index(section))

    @Slot()
    def accept(self) -> None:
        """OK: apply, then close; stays open where that fails."""
        self._apply(close=True)

    @Slot()
    def apply(self) -> None:
        """Save what is entered and stay open."""
        self._apply(close=False)

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        for page in self.pages.values():
            page.apply_theme(tokens)
        self.list.apply_theme(tokens)

    def changeEvent(self, event: QEvent) -> None:
        """Applied colours are the dialog's own at once."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and _tokens_of(self) is not self._tokens:
            self.apply_theme(_tokens_of(self))

    def _apply(self, *, close: bool) -> None:
        self._complain("")
        if self._storing is not None or not self._check():
            return
        entered = self.entered()
        try:
            self._save(entered)
        except SettingsError as error:
            self._complain(str(error))
            return
        self._settings = entered
        self.applied.emit(entered)
        self._follow_edit()
        if keepings := self._keepings():
            self._store(keepings, close=close)
        elif close:
            super().accept()

    def _check(self) -> bool:
        for section, page in self.pages.items():
            problem = page.problem()
            if problem is not None:
                self.show_page(section)
                problem[1].setFocus(Qt.FocusReason.OtherFocusReason)
                self._complain(problem[0])
                return False
        return True

    def _keepings(self) -> list[Callable[[], bool]]:
        """What stores the passwords that were typed."""
        return [keeping for page in self.pages.values() if (keeping := page.keeping()) is not None]

    def _store(self, keepings: Sequence[Callable[[], bool]], *, close: bool) -> None:
        self._close_when_stored = close
        self._buttons.setEnabled(False)
        self._storing = Job(lambda: keep_all(keepings), "Storing the password")
        self._storing.succeeded.connect(self._stored)
        self._storing.failed.connect(self._not_stored)
        self._storing.start()

    @Slot(object)
    def _stored(self, for_good: bool) -> None:
        self._storing = None
        self._buttons.setEnabled(True)
        for page in self.pages.values():
            if page.keeping() is not None:
                page.kept()
        self.kept.emit()
        if not for_good:
            self._complain("No keyring took the password: it holds until TrafficDesk is closed.")
        elif self._close_when_stored:
            super().accept()

    @Slot(object)
    def _not_stored(self, error: object) -> None:
        self._storing = None
        self._buttons.setEnabled(True)
        self._complain(f"The settings are saved, the password is not: {error}")

    @Slot()
    def _follow_edit(self) -> None:
        changed = self.entered() != self._settings or bool(self._keepings())
        self._buttons.button(QDialogButtonBox.StandardButton.Apply).setEnabled(changed)

    @Slot(bool)
    def _show_outcome(self, _sent: bool) -> None:
        """Scroll to what the mail server said, once the page has grown by it."""
        scroll = self._stack.widget(list(self.pages).index("mail"))
        assert isinstance(scroll, QScrollArea)
        QTimer.singleShot(0, self, lambda: scroll.ensureWidgetVisible(self.mail_page.trial, 0, 24))

    @Slot(str)
    def _complain(self, words: str) -> None:
        self.error.setText(words)
        self.error.setVisible(bool(words))

    def _build(self) -> None:
        self.list = PageList(list(self.pages.values()))
        self._stack = QStackedWidget()
        for page in self.pages.values():
            scroll = QScrollArea()
            scroll.setWidgetResizable(True)
            scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            page.setProperty("class", "page")
            page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            scroll.setWidget(page)
            self._stack.addWidget(scroll)
        self.list.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.list.setCurrentRow(0)
        pages = QHBoxLayout()
        pages.setSpacing(0)
        pages.addWidget(self.list)
        pages.addWidget(self._stack, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(pages, 1)
        outer.addWidget(self._make_foot())

    def _make_foot(self) -> QFrame:
        foot = QFrame()
        foot.setProperty("class", "side")
        self.error = plain_label("", "error")
        self.error.setWordWrap(True)
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error.setAccessibleName("Problem")
        self.error.hide()
        kinds = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(kinds.Ok | kinds.Apply | kinds.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._buttons.button(kinds.Apply).clicked.connect(self.apply)
        self._buttons.button(kinds.Ok).setDefault(True)
        column = QVBoxLayout(foot)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.error)
        column.addWidget(self._buttons)
        return foot


def _tokens_of(widget: QWidget) -> Tokens:
    return DARK if widget.palette().window().color().lightness() < 128 else LIGHT
