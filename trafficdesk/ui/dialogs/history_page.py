"""Settings of the history: how much is kept and where, a server's password and whether it answers, and forgetting."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QPushButton, QSizePolicy, QWidget

from trafficdesk.errors import StoreError
from trafficdesk.paths import data_dir
from trafficdesk.ui.dialogs.folder_row import FolderRow
from trafficdesk.ui.dialogs.job import Job
from trafficdesk.ui.dialogs.mail_page import PasswordEditor
from trafficdesk.ui.dialogs.settings_page import SettingsPage
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QShowEvent

    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.settings import HistorySettings
    from trafficdesk.ui.dialogs.field_editors import TextEditor
    from trafficdesk.ui.dialogs.mail_page import PasswordStore
    from trafficdesk.ui.theme import Tokens

_TIP: Final = (
    "Of the server's account; kept in the system's keyring, never in a file. Blank keeps what is stored."
)
_REACH_HINT: Final = "Check address and port, whether the server runs, and whether it lets this computer in."
_FORGET: Final = "Forget everything that was recorded?"
_WHAT: Final = (
    "Volumes, hosts, conversations, incidents, captures and packets {where} are deleted, at once and for good. "
    "What waits for a server, too. Settings, corrections and what the detector learned stay. A capture that is running goes on being recorded."
)


class HistoryPage(SettingsPage):
    """What survives a capture's end.

    Parameters
    ----------
    secrets : where a server's password is kept.
    """

    title: ClassVar[str] = "History"
    icon: ClassVar[str] = "clock"
    intro: ClassVar[str] = (
        "Sums by second, minute and hour, conversations with programs and names, incidents. It stays on this computer "
        "unless you name a server."
    )

    def __init__(self, section: HistorySettings, tokens: Tokens, *, secrets: PasswordStore) -> None:
        self._secrets = secrets
        self._job: Job | None = None
        self._looked = False
        super().__init__(section, tokens)
        cast("TextEditor", self.editors["url"]).textChanged.connect(self._follow_place)
        self._follow_place()

    def build(self) -> None:
        """Place, password and test; how much is kept; where it lies, how large it is, and the way to be rid of it."""
        for name in ("enabled", "url"):
            self.add_field(name)
        self.password = PasswordEditor()
        self.password.setAccessibleName("Password of the history's server")
        self.password.textEdited.connect(self.edited)
        self.add_row("Password", self.password, _TIP)
        self.test = QPushButton("Test connection")
        self.forget = QPushButton("Forget everything…")
        for button in (self.test, self.forget):
            button.setAutoDefault(False)
        self.test.clicked.connect(self._try)
        self.forget.clicked.connect(self._ask_to_forget)
        self.outcome, self.forgotten = _selectable(), _selectable()
        self._said = self.outcome
        self.add_row("", _beside(self.test))
        self.form.addRow("", self.outcome)
        for name in ("packets", "days", "fine_days", "megabytes"):
            self.add_field(name)
        self.folder = FolderRow(data_dir())
        self._size = self.add_row("On this computer", self.folder, "…")
        self.add_row("", _beside(self.forget))
        self.form.addRow("", self.forgotten)

    def problem(self) -> tuple[str, QWidget] | None:
        """Also: a password is of an account."""
        section = cast("HistorySettings", self.section())
        if section.url and self.password.password() and "@" not in section.url:
            words = "Write whose password it is into the address: mysql+pymysql://name@server/database."
            return words, self.editors["url"]
        return super().problem()

    def keeping(self) -> Callable[[], bool] | None:
        """Stores the password that was typed, in a thread; None = there is none."""
        password, section = self.password.password(), cast("HistorySettings", self.section())
        return partial(_keep, self._secrets, section, password) if password and section.url else None

    def kept(self) -> None:
        """What was typed has been stored."""
        self.password.clear()

    def showEvent(self, event: QShowEvent) -> None:
        """Look how large it is, the first time it is asked for."""
        super().showEvent(event)
        if not self._looked:
            self._looked = True
            self._look()

    def _look(self) -> None:
        job = Job(_size_here, "Looking at the history")
        job.succeeded.connect(self._show_size)
        job.start()

    @Slot(object)
    def _show_size(self, words: str) -> None:
        self._size.setText(words)

    @Slot()
    def _follow_place(self) -> None:
        self.password.setEnabled(bool(cast("HistorySettings", self.section()).url))
        self.outcome.hide()

    @Slot()
    def _try(self) -> None:
        section, typed, secrets = self.section(), self.password.password(), self._secrets
        self._said = self.outcome
        self._run(lambda: _tried(section, typed, secrets), "Testing the connection", "Asking the store …")

    @Slot()
    def _ask_to_forget(self) -> None:
        section = cast("HistorySettings", self._section)
        where = "that this computer wrote to the server" if section.url else "on this computer"
        box = QMessageBox(QMessageBox.Icon.Warning, "Forget everything", _FORGET, parent=self)
        box.setInformativeText(_WHAT.format(where=where))
        forget = box.addButton("Forget", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        chosen = box.clickedButton()
        box.deleteLater()
        if chosen is forget:
            self.forget_all()

    def forget_all(self) -> None:
        """Delete what was recorded, where the saved settings keep it."""
        section, secrets = cast("HistorySettings", self._section), self._secrets
        self._said = self.forgotten
        self._run(lambda: _forgotten(section, secrets), "Forgetting the history", "Forgetting …")

    def _run(self, work: Callable[[], str], what: str, meanwhile: str) -> None:
        if self._job is not None:
            return
        for button in (self.test, self.forget):
            button.setEnabled(False)
        self._say(meanwhile, "muted")
        self._job = Job(work, what)
        self._job.succeeded.connect(self._succeed)
        self._job.failed.connect(self._fail)
        self._job.start()

    @Slot(object)
    def _succeed(self, words: str) -> None:
        self._end(words, "good")
        self._look()

    @Slot(object)
    def _fail(self, error: TrafficDeskError) -> None:
        self._end(f"{error.title} {error.hint}", "error")

    def _end(self, words: str, style_class: str) -> None:
        self._job = None
        for button in (self.test, self.forget):
            button.setEnabled(True)
        self._say(words, style_class)

    def _say(self, words: str, style_class: str) -> None:
        said = self._said
        said.setProperty("class", style_class)
        said.style().unpolish(said)
        said.style().polish(said)
        said.setText(visible(words))
        said.show()


def _keep(secrets: PasswordStore, section: HistorySettings, password: str) -> bool:
    from trafficdesk.store.keeping import account_of

    account = account_of(section)
    return account is not None and secrets.set(*account, password)


def _tried(section: HistorySettings, typed: str | None, secrets: PasswordStore) -> str:
    from trafficdesk.store.database import OutOfReach
    from trafficdesk.store.keeping import open_store
    from trafficdesk.store.migrations import version_of
    from trafficdesk.store.retention import size_of

    database = open_store(section, data_dir(), lambda server, user: typed or secrets.get(server, user))
    try:
        version = version_of(database)
        if version is None:
            return (
                "It answers. There is no history in it yet: its tables are made when something is recorded."
            )
        return f"It answers, and holds {size_of(database) / 1e6:,.1f} MB of history."
    except OutOfReach as error:
        raise StoreError(error.title, _REACH_HINT) from error
    finally:
        database.close()


def _forgotten(section: HistorySettings, secrets: PasswordStore) -> str:
    from trafficdesk.store.forgetting import forget_everything
    from trafficdesk.store.keeping import open_store
    from trafficdesk.store.migrations import bring_up_to_date
    from trafficdesk.store.sensor import this_sensor

    database = open_store(section, data_dir(), secrets.get)
    try:
        bring_up_to_date(database)
        sensor = None if database.embedded else this_sensor(data_dir()).number
        return f"{forget_everything(database, data_dir(), sensor):,} rows were forgotten."
    finally:
        database.close()


def _size_here() -> str:
    from trafficdesk.store.keeping import BACKLOG, FILE

    names = (FILE, f"{FILE}-wal", BACKLOG)
    files = [data_dir() / name for name in names]
    size = sum(file.stat().st_size for file in files if file.exists())
    return f"{size / 1e6:,.1f} MB now." if size else "Nothing there yet."


def _beside(button: QPushButton) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(button)
    row.addStretch(1)
    return holder


def _selectable() -> QLabel:
    label = plain_label("", "muted")
    label.setWordWrap(True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    label.hide()
    return label
