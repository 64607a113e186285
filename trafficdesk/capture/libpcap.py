"""Live capture through libpcap or Npcap by scapy's binding: macOS, Windows, and Linux without packet sockets."""

from __future__ import annotations

import ctypes
import select
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.capture.bpf import load_libpcap
from trafficdesk.capture.permission import denied
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.errors import BadCaptureFilter, CaptureError, InterfaceNotFound, PermissionDenied
from trafficdesk.packets.block import FrameBlock

if TYPE_CHECKING:
    from trafficdesk.settings.declared import CaptureSettings

_TIMEOUT_MS: Final = 50
"""How long the system may collect packets before it hands them over."""
READ_FRAMES: Final = 8_192
"""Frames taken at once, so that a flood can't keep `read` from returning."""
RAW_IP: Final = 101
_LINK_TYPES: Final = {12: RAW_IP, 14: RAW_IP, 109: 109, 18: 18}
"""DLT_ values that differ from LINKTYPE_ ones: raw IP is 12 on most systems, 14 on OpenBSD."""


class FrameCollector:
    """Frames that arrive one by one, made into blocks."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._wire: list[int] = []
        self._times: list[int] = []

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, data: bytes, wire_length: int, timestamp_ns: int) -> None:
        """One more frame."""
        self._pieces.append(data)
        self._wire.append(wire_length)
        self._times.append(timestamp_ns)

    def block(self, link_type: int) -> FrameBlock:
        """All of them, numbered from 0."""
        captured = np.array([len(piece) for piece in self._pieces], np.int64)
        return FrameBlock(
            np.frombuffer(b"".join(self._pieces), np.uint8),
            np.cumsum(captured) - captured,
            captured,
            np.array(self._wire, np.int64),
            np.array(self._times, np.int64),
            np.full(len(captured), link_type, np.uint16),
        )


class LibpcapSource:
    """A live capture through libpcap; see `LiveSource`.

    Raises
    ------
    PermissionDenied, InterfaceNotFound, BadCaptureFilter, CaptureError
        If it can't be opened; `CaptureError`, too, where no libpcap is installed.
    """

    def __init__(self, interface: str, settings: CaptureSettings) -> None:
        library = load_libpcap()
        if library is None:
            raise CaptureError("libpcap is not installed.", denied().hint)
        self.name = interface
        self._library: Any = library
        self._received = 0
        self._statistics = CaptureStatistics()
        self._handle: Any = self._open(settings)
        try:
            self._set_filter(settings.capture_filter)
            self._set_nonblocking()
        except CaptureError:
            self.close()
            raise
        number = library.pcap_datalink(self._handle)
        self._link_type = _LINK_TYPES.get(number, number)
        self._header = ctypes.POINTER(library.pcap_pkthdr)()
        self._data = ctypes.POINTER(ctypes.c_ubyte)()

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
        deadline = time.monotonic() + timeout_s
        while len(frames) < READ_FRAMES:
            outcome = self._library.pcap_next_ex(
                self._handle, ctypes.byref(self._header), ctypes.byref(self._data)
            )
            if outcome == 1:
                self._keep(frames)
            elif outcome == 0:
                remaining = deadline - time.monotonic()
                if len(frames) or remaining <= 0:
                    break
                self._wait(remaining)
            elif len(frames):
                break  # the fault shows again at the next reading
            else:
                raise self._gone()
        if not len(frames):
            return None
        self._received += len(frames)
        return frames.block(self._link_type)

    def statistics(self) -> CaptureStatistics:
        """Counters since the capture began."""
        if self._handle is not None:
            raw = self._library.pcap_stat()
            if self._library.pcap_stats(self._handle, ctypes.byref(raw)) == 0:
                dropped = int(raw.ps_drop) + int(raw.ps_ifdrop)
                self._statistics = CaptureStatistics(received=self._received, dropped_kernel=dropped)
        return self._statistics

    def close(self) -> None:
        """Give the interface back; may be called twice."""
        if self._handle is not None:
            self.statistics()
            self._library.pcap_close(self._handle)
            self._handle = None

    def _open(self, settings: CaptureSettings) -> Any:
        library = self._library
        reason = ctypes.create_string_buffer(library.PCAP_ERRBUF_SIZE)
        handle = library.pcap_create(self.name.encode(), reason)
        if not handle:
            raise CaptureError(f"Capturing on {self.name} can't begin: {_text(reason.value)}.")
        library.pcap_set_snaplen(handle, settings.snap_length)
        library.pcap_set_promisc(handle, int(settings.promiscuous))
        library.pcap_set_timeout(handle, _TIMEOUT_MS)
        library.pcap_set_buffer_size(handle, settings.ring_mib << 20)
        status = library.pcap_activate(handle)
        if status >= 0:
            return handle
        words = _text(library.pcap_geterr(handle)) or _text(library.pcap_statustostr(status))
        library.pcap_close(handle)
        raise self._open_error(status, words)

    def _open_error(self, status: int, words: str) -> CaptureError:
        library = self._library
        if status in {library.PCAP_ERROR_PERM_DENIED, library.PCAP_ERROR_PROMISC_PERM_DENIED}:
            error = denied()
            return PermissionDenied(error.title, error.hint)
        if status == library.PCAP_ERROR_NO_SUCH_DEVICE:
            return InterfaceNotFound(
                f"There is no interface {self.name}.", "Choose one of: trafficdesk interfaces"
            )
        if status == library.PCAP_ERROR_IFACE_NOT_UP:
            return CaptureError(
                f"The interface {self.name} is switched off.", "Switch it on and start again."
            )
        return CaptureError(f"Capturing on {self.name} can't begin: {words}.", "Choose another interface.")

    def _set_filter(self, expression: str) -> None:
        if not expression.strip():
            return
        library = self._library
        program = library.bpf_program()
        if (
            library.pcap_compile(
                self._handle, ctypes.byref(program), expression.encode(), 1, ctypes.c_int(-1)
            )
            != 0
        ):
            words = _text(library.pcap_geterr(self._handle))
            raise BadCaptureFilter(
                f"The capture filter is not understood: {words}.", "Write it as tcpdump takes it."
            )
        try:
            if library.pcap_setfilter(self._handle, ctypes.byref(program)) != 0:
                words = _text(library.pcap_geterr(self._handle))
                raise BadCaptureFilter(f"The capture filter can't be used on {self.name}: {words}.")
        finally:
            library.pcap_freecode(ctypes.byref(program))

    def _set_nonblocking(self) -> None:
        # Windows has no descriptor to wait on; there the reading itself waits for the timeout.
        if sys.platform != "win32":
            reason = ctypes.create_string_buffer(self._library.PCAP_ERRBUF_SIZE)
            if self._library.pcap_setnonblock(self._handle, 1, reason) != 0:
                raise CaptureError(f"Capturing on {self.name} can't begin: {_text(reason.value)}.")

    def _keep(self, frames: FrameCollector) -> None:
        header = self._header.contents
        length = int(header.caplen)
        timestamp = int(header.ts.tv_sec) * 1_000_000_000 + int(header.ts.tv_usec) * 1_000
        frames.add(ctypes.string_at(self._data, length), int(header.len), timestamp)

    def _wait(self, timeout_s: float) -> None:
        if sys.platform != "win32":
            descriptor = self._library.pcap_get_selectable_fd(self._handle)
            # macOS may not report frames on the descriptor before its own buffer fills: look again now and then.
            select.select([descriptor], [], [], min(timeout_s, _TIMEOUT_MS / 1_000))

    def _gone(self) -> CaptureError:
        words = _text(self._library.pcap_geterr(self._handle))
        return CaptureError(
            f"The capture on {self.name} ended: {words}.",
            "Check that the interface is still there, then start again.",
        )


def _text(words: bytes) -> str:
    return words.decode("utf-8", "replace").strip()
