"""Live capture through scapy's own socket: the last resort, where no libpcap can be loaded."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.capture.libpcap import RAW_IP, READ_FRAMES, FrameCollector
from trafficdesk.capture.permission import denied
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.errors import BadCaptureFilter, CaptureError, InterfaceNotFound

if TYPE_CHECKING:
    from trafficdesk.packets.block import FrameBlock
    from trafficdesk.settings.declared import CaptureSettings

_ETHERNET: Final = 1
_LINK_TYPES: Final = {"IP": RAW_IP, "IPv6": RAW_IP, "_IPv46": RAW_IP}
"""LINKTYPE_ values of the classes scapy dissects a socket's frames with; the others are Ethernet."""


class ScapySource:
    """A live capture through scapy's own socket: slow, but needs nothing else; see `LiveSource`.

    Raises
    ------
    PermissionDenied, InterfaceNotFound, BadCaptureFilter, CaptureError
        If it can't be opened.
    """

    def __init__(self, interface: str, settings: CaptureSettings) -> None:
        self.name = interface
        self._received = 0
        self._closed = False
        self._socket: Any = self._open(settings)
        self._link_type = _LINK_TYPES.get(getattr(self._socket.LL, "__name__", ""), _ETHERNET)

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The one interface's name."""
        return (self.name,)

    def read(self, timeout_s: float) -> FrameBlock | None:
        """Wait up to `timeout_s` for frames.

        Raises
        ------
        CaptureError
            If the interface has gone.
        """
        frames = FrameCollector()
        wait = timeout_s
        while len(frames) < READ_FRAMES and self._ready(wait):
            try:
                _, data, seconds = self._socket.recv_raw()
            except OSError as error:
                if len(frames):
                    break
                raise CaptureError(
                    f"The capture on {self.name} ended: {error.strerror}.", "Start it again."
                ) from error
            wait = 0.0
            if data:
                frames.add(bytes(data), len(data), int((seconds or time.time()) * 1_000_000_000))
        if not len(frames):
            return None
        self._received += len(frames)
        return frames.block(self._link_type)

    def statistics(self) -> CaptureStatistics:
        """Frames received; this socket does not tell what it lost."""
        return CaptureStatistics(received=self._received)

    def close(self) -> None:
        """Give the interface back; may be called twice."""
        if not self._closed:
            self._closed = True
            self._socket.close()

    def _open(self, settings: CaptureSettings) -> Any:
        # scapy.arch chooses the socket class, the layers register the link types.
        import scapy.arch
        import scapy.layers.inet  # noqa: F401
        from scapy.config import conf
        from scapy.error import Scapy_Exception

        conf.sniff_promisc = settings.promiscuous
        try:
            return conf.L2listen(iface=self.name, filter=settings.capture_filter or None)
        except PermissionError as error:
            raise denied() from error
        except Scapy_Exception as error:
            if settings.capture_filter:
                raise BadCaptureFilter(f"The capture filter can't be used: {error}.") from error
            raise CaptureError(f"Capturing on {self.name} can't begin: {error}.") from error
        except (OSError, ValueError) as error:
            raise InterfaceNotFound(
                f"Capturing on {self.name} can't begin: {error}.", "Choose another interface."
            ) from error

    def _ready(self, timeout_s: float) -> bool:
        return bool(self._socket.select([self._socket], timeout_s))
