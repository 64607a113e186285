"""What catches what nobody else did: exceptions out of slots, Qt's own messages, Ctrl-C in the terminal."""

from __future__ import annotations

import logging
import signal
import sys
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from types import TracebackType

    from PySide6.QtCore import QMessageLogContext

_log = logging.getLogger(__name__)

_SIGNAL_POLL_MS: Final = 200
"""Python runs a signal's handler only when the interpreter gets a turn; the event loop gives it one this often."""


def install() -> None:
    """Log what escapes, and what Qt says, from now on."""
    sys.excepthook = _on_exception
    qInstallMessageHandler(_on_qt_message)


def complain(cause: str, remedy: str) -> None:
    """Say a cause and a remedy where the person is who started the program."""
    print(cause, remedy, sep="\n", file=sys.stderr)  # noqa: T201


def listen_for_interrupt(app: QApplication) -> None:
    """Ctrl-C and SIGTERM close the windows, as a person would."""
    timer = QTimer(app, interval=_SIGNAL_POLL_MS)
    timer.timeout.connect(_give_python_a_turn)
    timer.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: (app.closeAllWindows(), app.quit()))


def _give_python_a_turn() -> None:
    """Nothing: being called is enough for Python to look at its signals."""


def _on_exception(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Whatever escaped from a slot goes to the log, and to the terminal in one sentence."""
    if issubclass(kind, KeyboardInterrupt):
        QApplication.quit()
        return
    _log.critical("unexpected error", exc_info=(kind, error, traceback))
    cause = error.title if isinstance(error, TrafficDeskError) else f"{kind.__name__}: {error}"
    complain(f"TrafficDesk met an unexpected error ({cause}).", "The log file has the details.")


_LEVELS: Final = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Qt's own messages go to the log."""
    logging.getLogger("trafficdesk.qt").log(_LEVELS[kind], "%s: %s", context.category, message)
