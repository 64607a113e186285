"""The main window: places the parts and forwards what a person does; it decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from trafficdesk.ui.actions import Actions
from trafficdesk.ui.icons import app_icon
from trafficdesk.ui.live_page import LivePage
from trafficdesk.ui.panels.banner import Banner
from trafficdesk.ui.panels.capture_bar import CaptureBar
from trafficdesk.ui.panels.filter_bar import FilterBar
from trafficdesk.ui.panels.page_switch import PAGES
from trafficdesk.ui.panels.saved_filters import SavedFilters
from trafficdesk.ui.panels.status import StatusBar
from trafficdesk.ui.panels.welcome import WelcomePage
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent

    from trafficdesk.ui.models.packet_table_model import PacketTableModel
    from trafficdesk.ui.panels.filter_bar import Compile
    from trafficdesk.ui.panels.history import HistoryPage
    from trafficdesk.ui.panels.statistics import StatisticsPage
    from trafficdesk.ui.theme import Tokens

NAME: Final = "TrafficDesk"
_SMALLEST: Final = (880, 560)


class MainWindow(QMainWindow):
    """Toolbar, banner, pages, status bar."""

    file_dropped = Signal(object)
    """`Path` of a capture file."""
    recent_chosen = Signal(object)
    """`Path` of a file opened before."""
    shown = Signal()
    """The window was shown for the first time."""
    statistics_shown = Signal(bool)
    """The page of statistics came to the front, or left it."""
    history_shown = Signal(bool)
    """The page of history came to the front, or left it."""
    closing = Signal()
    """The window is about to close."""

    def __init__(self, model: PacketTableModel, compile_filter: Compile, tokens: Tokens) -> None:
        super().__init__()
        self._was_shown = False
        self._has_capture = False
        self.tokens = tokens
        self.actions_ = Actions(self)
        self.filter_bar = FilterBar(compile_filter)
        self.bar = CaptureBar(self.actions_, self.filter_bar, tokens)
        self.saved_filters = SavedFilters()
        self.banner = Banner(tokens)
        self.welcome = WelcomePage(tokens)
        self.page = LivePage(model, tokens)
        self._statistics: StatisticsPage | None = None
        self._history: HistoryPage | None = None
        self.status = StatusBar(tokens)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.page)
        self._pages.currentChanged.connect(self._on_page_changed)
        self._on_page_changed()
        self._place()
        self.actions_.fill(self.menuBar())
        self.setWindowTitle(NAME)
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(*_SMALLEST)
        self.actions_.apply_theme(tokens)
        self.filter_bar.apply_theme(tokens)
        self.saved_filters.apply_theme(tokens)
        self.welcome.interfaces.setFocus()

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self.tokens = tokens
        for part in (
            self.actions_,
            self.bar,
            self.filter_bar,
            self.saved_filters,
            self.banner,
            self.welcome,
            self.page,
            self._statistics,
            self._history,
            self.status,
        ):
            if part is not None:
                part.apply_theme(tokens)

    @property
    def statistics(self) -> StatisticsPage:
        """The page of statistics; made when it is first asked for, which is after the first window."""
        if self._statistics is None:
            from trafficdesk.ui.panels.statistics import StatisticsPage

            self._statistics = StatisticsPage(self.tokens)
            self._pages.addWidget(self._statistics)
        return self._statistics

    @property
    def history(self) -> HistoryPage:
        """The page of history; as `statistics`."""
        if self._history is None:
            from trafficdesk.ui.panels.history import HistoryPage

            self._history = HistoryPage(self.tokens)
            self._pages.addWidget(self._history)
        return self._history

    def choose_interfaces(self, choice: str) -> None:
        """Make `choice` what Start captures on, wherever it stands."""
        self.bar.choose(choice)
        self.welcome.choose(choice)

    def show_welcome(self) -> None:
        """The page to begin on."""
        self._has_capture = False
        self._pages.setCurrentWidget(self.welcome)

    def show_capture(self, title: str) -> None:
        """The page of a capture; who looks at its statistics goes on to do so."""
        self._has_capture = True
        if not self.showing_statistics:
            self.show_packets()
        self.setWindowTitle(f"{visible(title)} - {NAME}")

    @Slot()
    def show_packets(self) -> None:
        """Charts, table and details; from the history the way back to the page to begin on."""
        there = self._has_capture or self._pages.currentWidget() is not self._history
        self._pages.setCurrentWidget(self.page if there else self.welcome)

    @Slot()
    def show_statistics(self) -> None:
        """Conversations, endpoints and what else is counted."""
        self._pages.setCurrentWidget(self.statistics)

    @Slot()
    def show_history(self) -> None:
        """What was recorded before."""
        self._pages.setCurrentWidget(self.history)

    @property
    def showing_statistics(self) -> bool:
        """Whether the page of statistics is in front."""
        return self._pages.currentWidget() is self._statistics

    @property
    def showing_capture(self) -> bool:
        """Whether the page of a capture is in front."""
        return self._pages.currentWidget() is self.page

    def show_capturing(self, capturing: bool) -> None:
        """Start or Stop."""
        self.bar.show_capturing(capturing)
        self.actions_.show_capturing(capturing)

    def set_recent(self, paths: Sequence[str]) -> None:
        """Files opened before, newest first; missing ones are greyed."""
        menu = self.actions_.recent
        menu.clear()
        for name in paths:
            path = Path(name)
            action = menu.addAction(visible(path.name).replace("&", "&&"))
            action.setToolTip(visible(name))
            action.setStatusTip(visible(name))
            action.setData(name)
            action.setEnabled(path.exists())
            action.triggered.connect(self._on_recent)
        menu.setEnabled(bool(paths))

    def showEvent(self, event: QShowEvent) -> None:
        """Tell it once."""
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            self.shown.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell it, then close."""
        self.closing.emit()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One local file is welcome."""
        if _dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open it."""
        path = _dropped_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.file_dropped.emit(path)

    @Slot()
    def _on_page_changed(self) -> None:
        for name in PAGES:
            self.actions_[name].setEnabled(
                name == "show_history" or self._pages.currentWidget() is not self.welcome
            )
        front = self._pages.currentWidget() is self._history
        self.actions_["show_history"].setChecked(front)
        self.actions_["show_packets"].setChecked(self.showing_capture)
        self.actions_["show_statistics"].setChecked(self.showing_statistics)
        self.statistics_shown.emit(self.showing_statistics)
        self.history_shown.emit(front)

    @Slot()
    def _on_recent(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.recent_chosen.emit(Path(str(action.data())))

    def _place(self) -> None:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.bar, self.saved_filters, self.banner):
            column.addWidget(part)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(holder)
        self.setStatusBar(self.status)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)


def _dropped_file(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
