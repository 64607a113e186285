"""Notices by the desktop's own service, org.freedesktop.Notifications, over D-Bus; in a thread of its own.

The service may take seconds to start, or hang; the window does not wait for it. Qt's own D-Bus interface
can't be used: while it asks what a service can do, it holds the interpreter's lock, and the window stands still.
Source: Desktop Notifications Specification 1.2.
"""

from __future__ import annotations

import contextlib
import html
import logging
import os
import socket
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QSocketNotifier, QThread, Signal, Slot

from trafficdesk.ui.notices import Notices

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

_log = logging.getLogger(__name__)

_SERVICE: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_TIMEOUT_S: Final = 5.0
_REMEMBERED: Final = 50
_SERVERS_CHOICE: Final = -1
_ADDRESS: Final = "DBUS_SESSION_BUS_ADDRESS"


def has_bus_notices() -> bool:
    """Whether this desktop has the service, or can start it."""
    if not os.environ.get(_ADDRESS):
        return False
    from jeepney import message_bus

    try:
        with _connected_bus() as bus:
            (running,) = _answer(bus, message_bus.NameHasOwner(_SERVICE))
            (startable,) = _answer(bus, message_bus.ListActivatableNames())
    except _BusError as error:
        _log.info("no notices over the session bus: %s", error)
        return False
    return bool(running) or _SERVICE in startable


class BusNotices(Notices):
    """See `Notices`."""

    _wanted = Signal(str, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread(self)
        self._worker = _Worker()
        self._worker.moveToThread(self._thread)
        self._wanted.connect(self._worker.show)
        self._worker.clicked.connect(self.clicked)
        self._thread.finished.connect(self._worker.close)
        self._thread.start()

    def show_notice(self, title: str, body: str, key: object) -> None:
        """See `Notices`."""
        self._wanted.emit(title, body, key)

    def close(self) -> None:
        """End the thread, though the service may owe it an answer."""
        self._thread.quit()
        self._worker.interrupt()
        self._thread.wait()


class _BusError(Exception):
    """The bus or the service did not do it; the text says why."""


class _Worker(QObject):
    """Lives in the thread."""

    clicked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._bus: DBusConnection | None = None
        self._arrivals: QSocketNotifier | None = None
        self._signals: deque[Message] = deque(maxlen=_REMEMBERED)
        self._marked_up = False
        self._keys: dict[int, object] = {}
        self._ended = False

    @Slot(str, str, object)
    def show(self, title: str, body: str, key: object) -> None:
        """Say it to the service; that it did not take it is a line in the log."""
        if self._ended:
            return
        try:
            bus = self._connect() if self._bus is None else self._bus
            number = self._notify(bus, title, body, clickable=key is not None)
        except _BusError as error:
            _log.warning("no notice shown: %s", error)
            self.close()  # the next notice begins with a fresh connection
            return
        self._keys[number] = key
        while len(self._keys) > _REMEMBERED:
            del self._keys[next(iter(self._keys))]
        self._take_signals()  # what came before the answer

    def interrupt(self) -> None:
        """From another thread: wait for no answer any more."""
        self._ended = True
        if (bus := self._bus) is not None:
            with contextlib.suppress(OSError):
                bus.sock.shutdown(socket.SHUT_RDWR)

    @Slot()
    def close(self) -> None:
        """Leave the bus."""
        if self._arrivals is not None:
            self._arrivals.setEnabled(False)
            self._arrivals.deleteLater()
        if self._bus is not None:
            self._bus.close()
        self._bus = self._arrivals = None

    def _connect(self) -> DBusConnection:
        from jeepney import MatchRule, message_bus

        self._bus = bus = _connected_bus()
        if self._ended:
            raise _BusError("the program ends")
        for name in ("ActivationToken", "ActionInvoked"):
            wanted = {"interface": _SERVICE, "path": _PATH, "member": name, "type": "signal"}
            # The bus knows who has the service's name, a message only that sender's number.
            _answer(bus, message_bus.AddMatch(MatchRule(sender=_SERVICE, **wanted)))
            bus.filter(MatchRule(**wanted), queue=self._signals)
        (capabilities,) = _answer(bus, _call("GetCapabilities"))
        self._marked_up = "body-markup" in capabilities
        self._arrivals = QSocketNotifier(bus.sock.fileno(), QSocketNotifier.Type.Read, self)
        self._arrivals.activated.connect(self._take_signals)
        return bus

    def _notify(self, bus: DBusConnection, title: str, body: str, *, clickable: bool) -> int:
        body = html.escape(body) if self._marked_up else body
        actions = ["default", "Show"] if clickable else []
        hints = {"desktop-entry": ("s", "trafficdesk"), "category": ("s", "network")}
        values = ("TrafficDesk", 0, "", title, body, actions, hints, _SERVERS_CHOICE)
        (number,) = _answer(bus, _call("Notify", "susssasa{sv}i", values))
        return int(number)

    @Slot()
    def _take_signals(self) -> None:
        if self._bus is None:
            return
        try:
            while True:
                self._bus.recv_messages(timeout=0)
        except TimeoutError:
            pass  # all is read
        except (OSError, ValueError) as error:
            _log.warning("the session bus is gone: %s", error)
            self.close()
        while self._signals:
            message = self._signals.popleft()
            self._take_signal(message.header.fields, message.body)

    def _take_signal(self, fields: dict[Any, Any], body: tuple[Any, ...]) -> None:
        """Somebody clicked a notice, perhaps another program's; on Wayland the click gives the right to come to the front."""
        from jeepney import HeaderFields

        if len(body) != 2 or body[0] not in self._keys:
            return
        number, word = body
        if fields[HeaderFields.member] == "ActivationToken":
            os.environ["XDG_ACTIVATION_TOKEN"] = str(word)
        elif word == "default":
            self.clicked.emit(self._keys.pop(number))


def _connected_bus() -> DBusConnection:
    from jeepney import DBusErrorResponse
    from jeepney.io.blocking import open_dbus_connection

    try:
        return open_dbus_connection("SESSION")
    except (OSError, ValueError, RuntimeError, KeyError, DBusErrorResponse) as error:
        raise _BusError(f"the session bus can't be reached ({error!r})") from error


def _call(method: str, signature: str | None = None, values: tuple[object, ...] = ()) -> Message:
    from jeepney import DBusAddress, new_method_call

    return new_method_call(DBusAddress(_PATH, _SERVICE, _SERVICE), method, signature, values)


def _answer(bus: DBusConnection, question: Message) -> tuple[Any, ...]:
    from jeepney import DBusErrorResponse
    from jeepney.wrappers import unwrap_msg

    try:
        return tuple(unwrap_msg(bus.send_and_get_reply(question, timeout=_TIMEOUT_S)))
    except TimeoutError as error:
        raise _BusError(f"no answer within {_TIMEOUT_S:.0f} s") from error
    except (OSError, ValueError, DBusErrorResponse) as error:
        raise _BusError(str(error)) from error
