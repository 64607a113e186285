"""Wireshark's dumpcap as a source: for those who may run it but may not open packet sockets themselves.

It writes pcapng to a pipe, which we read as we read files. Source: dumpcap(1), draft-ietf-opsawg-pcapng (2025).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.dumpcap_program import permitted_program
from trafficdesk.capture.dumpcap_words import (
    LONGEST_STATISTICS,
    dropped_of,
    dumpcap_arguments,
    first_sentence,
    open_error,
)
from trafficdesk.capture.formats.pcapng_format import PcapngReader
from trafficdesk.capture.permission import denied
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.errors import CaptureError, InterfaceNotFound

if TYPE_CHECKING:
    from trafficdesk.packets.block import FrameBlock
    from trafficdesk.settings.declared import CaptureSettings

_BEGIN_S: Final = 15.0
"""dumpcap writes the file's head as soon as the interface is open and the filter compiled."""
_END_S: Final = 2.0
_PIPE_BYTES: Final = 1 << 20
_READ_BYTES: Final = 8 << 20
_BEGIN_AGAIN: Final = "Start the capture again."


class DumpcapSource:
    """A live capture through dumpcap; see `LiveSource`.

    Parameters
    ----------
    interface : its name; "any" = all of them, with cooked headers.
    program : the dumpcap to run.

    Raises
    ------
    PermissionDenied, InterfaceNotFound, BadCaptureFilter, CaptureError
        If it can't be opened.
    """

    def __init__(self, interface: str, settings: CaptureSettings, program: str = "") -> None:
        self.name = interface
        self._filter = settings.capture_filter.strip()
        self._received = self._dropped = 0
        self._waiting = bytearray()
        self._reader = PcapngReader()
        self._cursor = self._reader.start
        self._closed = False
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`
        try:
            self._child = self._started(program or permitted_program() or "", settings)
        except CaptureError:
            self._said.close()
            raise
        assert self._child.stdout is not None
        self._pipe = self._child.stdout.fileno()
        os.set_blocking(self._pipe, False)
        _widen(self._pipe)
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN)
        try:
            self._await_head()
        except CaptureError:
            self.close()
            raise

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The one interface's name."""
        return (self.name,)

    def read(self, timeout_s: float) -> FrameBlock | None:
        """Wait up to `timeout_s` for frames.

        Raises
        ------
        CaptureError
            If dumpcap ended; all frames from before have been delivered.
        """
        if self._closed:
            raise CaptureError(f"The capture on {self.name} has been closed.")
        open_still = self._fill(timeout_s)
        block = self._parse()
        if block is None and not open_still:
            raise self._ended()
        return block

    def statistics(self) -> CaptureStatistics:
        """Counters since the capture began; dumpcap tells what the kernel dropped when it ends."""
        return CaptureStatistics(received=self._received, dropped_kernel=self._dropped)

    def close(self) -> None:
        """End dumpcap; may be called twice."""
        if self._closed:
            return
        self._closed = True
        with self._said, self._child:
            if self._child.poll() is None:
                self._child.send_signal(signal.SIGINT)
            self._drain(_END_S)
            if self._child.poll() is None:
                self._child.kill()
            self._child.wait()

    def _started(self, program: str, settings: CaptureSettings) -> subprocess.Popen[bytes]:
        if not program:
            raise denied()
        # To dumpcap, "-" and paths are pipes, numbers are places in its list, and TCP@… is another computer.
        if self.name != "any" and (self.name.isdecimal() or not _exists(self.name)):
            raise InterfaceNotFound(
                f"There is no interface {self.name}.", "Choose one of: trafficdesk interfaces"
            )
        try:
            return subprocess.Popen(  # noqa: S603  # a list, no shell; each value stands after its option
                dumpcap_arguments(program, self.name, settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=os.environ | {"LC_ALL": "C"},
                start_new_session=True,  # Ctrl-C is for us; we end it
            )
        except OSError as error:
            raise CaptureError(f"dumpcap can't be started: {error.strerror}.", _BEGIN_AGAIN) from error

    def _await_head(self) -> None:
        deadline = time.monotonic() + _BEGIN_S
        while not self._waiting:
            if not self._fill(max(0.0, deadline - time.monotonic())):
                raise self._open_error()
            if not self._waiting and time.monotonic() >= deadline:
                raise CaptureError(f"dumpcap does not begin to capture on {self.name}.", _BEGIN_AGAIN)

    def _fill(self, timeout_s: float) -> bool:
        """Take what the pipe has, waiting for it at most so long; False when nothing more will come."""
        wait = max(0, round(timeout_s * 1_000))
        taken = 0
        while taken < _READ_BYTES and self._poll.poll(wait):
            piece = os.read(self._pipe, _PIPE_BYTES)
            if not piece:
                return False
            self._waiting += piece
            taken += len(piece)
            wait = 0
        return True

    def _parse(self) -> FrameBlock | None:
        """The frames that have arrived whole; the rest waits."""
        if not self._waiting:
            return None
        data = np.frombuffer(bytes(self._waiting), np.uint8)
        reading = self._reader.read(data, self._cursor, len(data), complete=False)
        if reading.fault is not None:
            raise CaptureError(
                f"dumpcap wrote something else than a capture: {reading.fault.reason}.", _BEGIN_AGAIN
            )
        read = reading.cursor.position
        self._dropped = dropped_of(self._waiting[max(0, read - LONGEST_STATISTICS) : read]) or self._dropped
        self._cursor = replace(reading.cursor, position=0)
        del self._waiting[:read]
        if not len(reading.frames):
            return None
        self._received += len(reading.frames)
        return reading.frames.block(data, slice(None), 0)

    def _drain(self, seconds: float) -> None:
        """Let it write its last blocks, which say what was dropped; the frames among them come too late."""
        deadline = time.monotonic() + seconds
        while self._fill(min(0.1, max(0.0, deadline - time.monotonic()))) and time.monotonic() < deadline:
            with contextlib.suppress(CaptureError):
                received, _ = self._received, self._parse()
                self._received = received

    def _words(self) -> str:
        """What it said on stderr."""
        self._said.seek(0)
        return self._said.read(65_536).decode("utf-8", "replace")

    def _open_error(self) -> CaptureError:
        self._child.wait()
        return open_error(self._words(), self.name, self._filter)

    def _ended(self) -> CaptureError:
        self._child.wait()
        if self.name != "any" and not _exists(self.name):
            return InterfaceNotFound(
                f"The interface {self.name} has gone: it was unplugged or removed.",
                "Plug it in again or choose another interface, then start again.",
            )
        return CaptureError(
            f"The capture on {self.name} ended: {first_sentence(self._words())}", _BEGIN_AGAIN
        )


def _exists(interface: str) -> bool:
    try:
        socket.if_nametoindex(interface)
    except (OSError, ValueError):
        return False
    return True


def _widen(pipe: int) -> None:
    """A larger pipe waits longer for us; as large as this user may."""
    import fcntl

    for size in (_PIPE_BYTES, _PIPE_BYTES // 4):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, size)
            return
