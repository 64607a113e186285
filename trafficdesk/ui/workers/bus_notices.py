"""Notices by the desktop's own service, org.freedesktop.Notifications, over D-Bus; in a thread of its own.

The service may take seconds to start; the window does not wait for it. Source: Desktop Notifications Specification 1.2.
"""

from __future__ import annotations

import html
import logging
import os
from typing import Any, Final

from PySide6.QtCore import Q_ARG, Q_RETURN_ARG, SLOT, QMetaObject, QObject, Qt, QThread, Signal, Slot
from PySide6.QtDBus import QDBusConnection, QDBusInterface

from trafficdesk.ui.notices import Notices

_log = logging.getLogger(__name__)

_SERVICE: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_TIMEOUT_MS: Final = 5_000
_REMEMBERED: Final = 50
_SERVERS_CHOICE: Final = -1
_ADDRESS: Final = "DBUS_SESSION_BUS_ADDRESS"


def has_bus_notices() -> bool:
    """Whether this desktop has the service, or can start it."""
    if not os.environ.get(_ADDRESS):
        return False  # asking would start a bus of our own
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    names = bus.interface()
    return bool(names.isServiceRegistered(_SERVICE).value()) or _SERVICE in (
        names.activatableServiceNames().value() or ()
    )


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
        self._thread.start()

    def show_notice(self, title: str, body: str, key: object) -> None:
        """See `Notices`."""
        self._wanted.emit(title, body, key)

    def close(self) -> None:
        """End the thread."""
        self._thread.quit()
        self._thread.wait(2 * _TIMEOUT_MS)


class _Worker(QObject):
    """Lives in the thread."""

    clicked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._service: QDBusInterface | None = None
        self._marked_up = False
        self._keys: dict[int, object] = {}

    @Slot(str, str, object)
    def show(self, title: str, body: str, key: object) -> None:
        """Say it to the service; that it did not take it is a line in the log."""
        service = self._connected()
        if service is None:
            return
        if self._marked_up:
            body = html.escape(body)
        actions = ["default", "Show"] if key is not None else []
        number: Any = QMetaObject.invokeMethod(
            service,
            "Notify",
            Qt.ConnectionType.DirectConnection,
            Q_RETURN_ARG("uint"),
            Q_ARG("QString", "TrafficDesk"),
            Q_ARG("uint", 0),
            Q_ARG("QString", ""),
            Q_ARG("QString", title),
            Q_ARG("QString", body),
            Q_ARG("QStringList", actions),
            Q_ARG("QVariantMap", {"desktop-entry": "trafficdesk", "category": "network"}),
            Q_ARG("int", _SERVERS_CHOICE),
        )
        if not number:
            _log.warning("no notice shown: %s", service.lastError().message())
            self._service = None
            return
        self._keys[int(number)] = key
        while len(self._keys) > _REMEMBERED:
            del self._keys[next(iter(self._keys))]

    @Slot("uint", str)
    def invoked(self, number: int, action: str) -> None:
        """Somebody clicked a notice, perhaps another program's."""
        if action == "default" and number in self._keys:
            self.clicked.emit(self._keys.pop(number))

    @Slot("uint", str)
    def token(self, number: int, token: str) -> None:
        """Wayland lets a window come to the front only with what the click gives."""
        if number in self._keys:
            os.environ["XDG_ACTIVATION_TOKEN"] = token

    def _connected(self) -> QDBusInterface | None:
        if self._service is not None:
            return self._service
        bus: Any = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "trafficdesk-notices")
        # Made by what the service says of itself: so a Python number is sent as the unsigned one that it wants.
        service = QDBusInterface(_SERVICE, _PATH, _SERVICE, bus, self)
        if not service.isValid():
            _log.warning("no notices: %s", service.lastError().message())
            return None
        service.setTimeout(_TIMEOUT_MS)
        capabilities: Any = QMetaObject.invokeMethod(
            service, "GetCapabilities", Qt.ConnectionType.DirectConnection, Q_RETURN_ARG("QStringList")
        )
        self._marked_up = "body-markup" in (capabilities or ())
        bus.connect(_SERVICE, _PATH, _SERVICE, "ActionInvoked", self, SLOT("invoked(uint,QString)"))
        bus.connect(_SERVICE, _PATH, _SERVICE, "ActivationToken", self, SLOT("token(uint,QString)"))
        self._service = service
        return service
