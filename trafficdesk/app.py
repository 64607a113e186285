"""The desktop's composition root: builds settings, session, controllers, alerts and window, and runs them.

The only module that knows them all. Before the first window is shown nothing heavy is imported: charts, scapy, pandas
and scikit-learn come when they are needed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from trafficdesk.detect.families import FAMILIES, UNUSUAL
from trafficdesk.logs import start_logging
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import file as settings_file
from trafficdesk.settings.secrets import HistoryPassword, MailPassword
from trafficdesk.ui import guards, theme, window_state
from trafficdesk.ui.alerting import alerting
from trafficdesk.ui.capture_rights import CaptureRights
from trafficdesk.ui.commands import Commands
from trafficdesk.ui.desk import Desk
from trafficdesk.ui.diagnostics import Diagnostics
from trafficdesk.ui.garbage import GarbageCollector
from trafficdesk.ui.interface_lister import InterfaceLister
from trafficdesk.ui.main_window import NAME, MainWindow
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.preferences import Preferences
from trafficdesk.ui.recovery import Recovery
from trafficdesk.ui.settings_commands import SettingsCommands
from trafficdesk.ui.threats_controller import ThreatsController

if TYPE_CHECKING:
    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.packets.display_filter import DisplayFilter
    from trafficdesk.settings import Settings
    from trafficdesk.ui.history_commands import HistoryCommands
    from trafficdesk.ui.interface_lister import Listing
    from trafficdesk.ui.notifications import Notifier

_UNUSUAL_WORD: Final = "Unusual"
_SWITCH_INTERVAL_S: Final = 0.001
"""How long a thread that decodes may keep the window waiting for the interpreter. Each of the 400 texts of a paint
may have to wait once: with Python's 5 ms, opening a million packets stalled the window for 47 ms at the 99th
percentile, with 1 ms for 13 ms (measured 2026-11)."""
_EXIT_ENVIRONMENT: Final = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What the desktop was asked for on its command line."""

    file: str = ""
    interface: str = ""
    capture_filter: str | None = None
    display_filter: str = ""
    screenshot: str = ""
    quit_after_s: float | None = None
    diagnostics: str = ""


def run(options: Options) -> int:
    """Show the window and work until it is closed; returns the exit code."""
    start_logging()
    guards.install()
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName(NAME)
    app.setApplicationDisplayName("")
    settings, warnings = settings_file.load()
    desktop = Desktop(app, options, settings)
    if warnings:
        desktop.window.banner.show_message(warnings[0], " ".join(warnings[1:]), "warning")
    guards.listen_for_interrupt(app)
    garbage = GarbageCollector(app)
    desktop.started.connect(garbage.spare)
    desktop.window.show()
    code = app.exec()
    desktop.shut_down()
    garbage.stop()
    return code or desktop.exit_code


class Desktop(QObject):
    """Everything one window needs, built once."""

    started = Signal()
    """The window is complete; what the command line asked for comes next."""

    def __init__(self, app: QApplication, options: Options, settings: Settings) -> None:
        super().__init__()
        self._app = app
        self._options = options
        self.exit_code = 0
        self.diagnostics = Diagnostics(self)
        settings = _with_options(settings, options)
        self.preferences = Preferences(settings, settings_file.save, self)
        self._tokens = theme.tokens_for(settings.view.theme, app)
        theme.apply(app, self._tokens)
        self.session = AnalysisSession(settings.capture.kept_rows)
        words = tuple(
            _UNUSUAL_WORD if index in {0, UNUSUAL} else family.title for index, family in enumerate(FAMILIES)
        )
        self.model = PacketTableModel(self.session, self._tokens, words, self)
        self.window = MainWindow(self.model, self._compile_filter, self._tokens)
        self.desk = Desk(self.window, self.session, self.model, self.preferences)
        self.interfaces = InterfaceLister(self)
        self.rights = CaptureRights(self.window.welcome.permission, self.interfaces, self)
        self.password = MailPassword()
        self.commands = Commands(self.desk, self.interfaces)
        self.recovery = Recovery(self.desk)
        self.threats = ThreatsController(self.desk)
        self.settings = SettingsCommands(self.desk, self.password, lambda: self.history, self.threats)
        self._alerts: AlertDispatcher | None = None
        self._notifier: Notifier | None = None
        self.window.set_recent(settings.view.recent_files)
        self.window.page.anomalies.set_settings(settings.detection)
        self.window.bar.choose(settings.capture.interface or settings.view.last_interface)
        self._stored = window_state.window_settings()
        window_state.restore(self.window, self._stored)
        if options.file or options.interface:
            self.window.show_capture(Path(options.file).name or options.interface)
            self.window.page.show_empty("Opening…")
            self.window.page.setFocus()
        self._join()

    @cached_property
    def history(self) -> HistoryCommands:
        """Page and recording of the history; made when first asked for: the first window does not wait for it."""
        from trafficdesk.ui.history_commands import HistoryCommands

        made = HistoryCommands(self.desk, HistoryPassword())
        self.commands.corrections.controller.changed.connect(made.recording.note)
        return made

    def shut_down(self) -> None:
        """End every thread and process, and say what was measured."""
        statistics = self.desk.capture.statistics
        if self._options.diagnostics:
            self._write_diagnostics(statistics)
        if self._alerts is not None:
            self._alert_watch.let_go()
        self.desk.shut_down()
        self.commands.exports.shut_down()
        self.threats.shut_down()
        self.commands.corrections.shut_down()
        self.commands.classifier.shut_down()
        self.recovery.shut_down()
        if "history" in vars(self):
            self.history.shut_down()
        self.interfaces.shut_down()
        self.rights.shut_down()
        self.preferences.shut_down()
        if self._alerts is not None:
            self._alerts.close()
        if self._notifier is not None:
            self._notifier.shut_down()

    def _join(self) -> None:
        self.window.shown.connect(self._on_shown, Qt.ConnectionType.QueuedConnection)
        self.window.closing.connect(self._on_closing)
        self.window.actions_["self_test"].triggered.connect(self._try_whether_it_works)
        self.interfaces.listed.connect(self._on_listed)
        self.interfaces.failed.connect(self.window.banner.show_error)
        self.desk.loaded.connect(self._on_loaded)
        self.preferences.changed.connect(self._on_settings)
        self._app.styleHints().colorSchemeChanged.connect(self._on_scheme)

    @Slot()
    def _on_shown(self) -> None:
        """First turn after the window is there: it is painted, then the slower parts come."""
        self.window.repaint()
        self.diagnostics.window_shown()
        QTimer.singleShot(0, self, self._finish_start_up)

    @Slot()
    def _finish_start_up(self) -> None:
        self.window.page.build_charts()
        self.desk.later_statistics.build()
        # A page and modules that would be felt later are there before anything is under way.
        _ = self.history
        self._begin_alerting = alerting(self.desk, self._mail_password)
        if self._options.file:
            # Both read a database library; a file is neither recorded nor, while it is read, analysed.
            once = Qt.ConnectionType.SingleShotConnection
            self.desk.capture.ended.connect(self._start_services, once)
        else:
            self._start_services()
        self.threats.read()
        self.interfaces.refresh()
        if self._options.quit_after_s is not None:
            QTimer.singleShot(round(self._options.quit_after_s * 1_000), self, self._leave)
        QTimer.singleShot(0, self, self._begin_work)

    @Slot()
    def _begin_work(self) -> None:
        """The charts are in their places: do what the command line asked for."""
        options = self._options
        self.started.emit()
        self.diagnostics.start_up_ended()
        self.recovery.look()
        if options.display_filter:
            self.window.filter_bar.set_expression(options.display_filter)
        if options.file:
            self.diagnostics.file_opened()
            self.desk.open_file(Path(options.file))
        elif options.interface:
            self.desk.listen(options.interface)

    @Slot()
    def _on_loaded(self) -> None:
        self.window.page.table.viewport().repaint()
        self.diagnostics.last_row_shown()

    @Slot(object)
    def _on_listed(self, listing: Listing) -> None:
        interfaces, default, guide = listing
        preferred = self.window.bar.interface or default or ""
        self.window.bar.set_interfaces(interfaces)
        if not self.window.bar.interface:
            self.window.bar.choose(preferred)
        self.window.welcome.set_interfaces(interfaces, preferred)
        self.window.welcome.set_permission(guide)

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.view.theme != now.view.theme:
            self._apply_theme()

    @Slot()
    def _on_scheme(self) -> None:
        self._apply_theme()

    @Slot()
    def _on_closing(self) -> None:
        if self._options.screenshot and not self.window.grab().save(self._options.screenshot):
            guards.complain(
                f"{self._options.screenshot} can't be written.", "Name a .png file in a folder that exists."
            )
            self.exit_code = _EXIT_ENVIRONMENT
        window_state.save(self.window, self._stored)

    @Slot()
    def _leave(self) -> None:
        self.window.close()
        self._app.quit()

    def _apply_theme(self) -> None:
        tokens = theme.tokens_for(self.preferences.settings.view.theme, self._app)
        if tokens != self._tokens:
            self._tokens = tokens
            theme.apply(self._app, tokens)
            self.model.apply_theme(tokens)
            self.window.apply_theme(tokens)

    @Slot()
    def _start_services(self) -> None:
        self._alerts, self._alert_watch, self._notifier = self._begin_alerting()
        self.history.start(later=bool(self._options.file))

    def _compile_filter(self, expression: str) -> DisplayFilter:
        from trafficdesk.packets.display_filter import compile_filter

        names = tuple(family.name for family in FAMILIES)
        return compile_filter(expression, names, self.session.log.identities)

    def _mail_password(self) -> str:
        mail = self.preferences.settings.mail
        return self.password.get(mail.server, mail.user)

    @Slot()
    def _try_whether_it_works(self) -> None:
        from trafficdesk.ui.dialogs.self_test import SelfTestDialog

        SelfTestDialog(self._tokens, self.window).open()

    def _write_diagnostics(self, statistics: object) -> None:
        from trafficdesk.capture.source import CaptureStatistics

        assert isinstance(statistics, CaptureStatistics)
        try:
            self.diagnostics.write(Path(self._options.diagnostics), self.session, statistics)
        except OSError as error:
            guards.complain(
                f"{self._options.diagnostics} can't be written: {error.strerror}.", "Choose another place."
            )
            self.exit_code = _EXIT_ENVIRONMENT


def _with_options(settings: Settings, options: Options) -> Settings:
    if options.capture_filter is None:
        return settings
    return replace(settings, capture=replace(settings.capture, capture_filter=options.capture_filter))
