"""What `monitor` watches: interfaces, whose capture filter may change on the way, or the bundled sample."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from trafficdesk.cli.permission import with_permission
from trafficdesk.errors import InterfaceNotFound

if TYPE_CHECKING:
    import argparse
    from contextlib import ExitStack

    from trafficdesk.capture.frame_store import LiveFrames
    from trafficdesk.capture.pump import CapturePump
    from trafficdesk.capture.source import LiveSource
    from trafficdesk.settings import CaptureSettings, Settings


class Monitored(Protocol):
    """Frames come from here."""

    name: str
    """For a person."""
    capture_filter: str

    def run(self, pump: CapturePump) -> None:
        """Pass on until the pump is stopped or all has been read."""
        ...

    def refilter(self, expression: str) -> None:
        """Let through what another capture filter says.

        Raises
        ------
        BadCaptureFilter, CaptureError
            If it is none, or can't be changed; the former one holds.
        """
        ...


def monitored(arguments: argparse.Namespace, settings: Settings, stack: ExitStack) -> Monitored:
    """What the command line or the settings name, open until `stack` unwinds.

    Raises
    ------
    CaptureError
        If it can't be captured on.
    """
    if arguments.sample:
        return Sample(stack)
    from trafficdesk.capture.interfaces import default_interface

    name = ",".join(arguments.interface) or settings.capture.interface or default_interface()
    if not name:
        raise InterfaceNotFound(
            "There is no interface to capture on.", "Name one with --interface; see: trafficdesk interfaces"
        )
    return Interfaces(name, _wanted(arguments, settings.capture), stack, in_memory=bool(arguments.alerts))


def _wanted(arguments: argparse.Namespace, wanted: CaptureSettings) -> CaptureSettings:
    if arguments.capture_filter is not None:
        wanted = replace(wanted, capture_filter=arguments.capture_filter)
    if arguments.count or arguments.duration or arguments.megabytes:
        # Said on the command line, the settings' limits are out of force; count and duration are kept by `Monitor`.
        wanted = replace(
            wanted,
            stop_packets=arguments.count or 0,
            stop_seconds=0,
            stop_megabytes=arguments.megabytes or 0,
        )
    return wanted


class Sample:
    """The bundled capture; see `Monitored`."""

    name = "the bundled sample"
    capture_filter = ""

    def __init__(self, stack: ExitStack) -> None:
        from trafficdesk.capture.pcap_file import CaptureFile
        from trafficdesk.paths import sample_capture

        self._file = stack.enter_context(CaptureFile(sample_capture()))

    def run(self, pump: CapturePump) -> None:
        """See `Monitored`."""
        pump.run_file(self._file)

    def refilter(self, expression: str) -> None:
        """See `Monitored`; a file has none."""


class Interfaces:
    """One interface or several, captured on; see `Monitored`.

    Parameters
    ----------
    name : or names, separated by commas.
    in_memory : whether somebody asks for the bytes of packets: only mails do.

    Raises
    ------
    CaptureError
        If one can't be captured on.
    """

    def __init__(self, name: str, wanted: CaptureSettings, stack: ExitStack, *, in_memory: bool) -> None:
        from trafficdesk.capture.several import open_interfaces

        self.name = name
        self.capture_filter = wanted.capture_filter
        self._wanted = wanted
        self._in_memory = in_memory
        self._source = with_permission(lambda: open_interfaces(name, wanted, self._open))
        self._frames: LiveFrames | None = None
        stack.callback(self._close_frames)
        stack.callback(self._source.close)

    def run(self, pump: CapturePump) -> None:
        """See `Monitored`."""
        from trafficdesk.capture.frame_store import open_frames
        from trafficdesk.capture.limits import StopLimits

        frames = open_frames(
            self._wanted, self.name, lambda: self._source.interfaces, pump.warn, in_memory=self._in_memory
        )
        # Until the end: what was found last has its evidence in them.
        pump.frames = self._frames = frames
        try:
            pump.run_live(self._source, frames, StopLimits.of(self._wanted))
        finally:
            frames.finish()

    def _close_frames(self) -> None:
        if self._frames is not None:
            self._frames.close()

    def refilter(self, expression: str) -> None:
        """See `Monitored`."""
        self._source.refilter(expression)
        self.capture_filter = expression

    def _open(self, name: str, settings: CaptureSettings) -> LiveSource:
        """An interface that comes back gets the filter of that time."""
        from trafficdesk.capture.live import open_live

        return open_live(name, replace(settings, capture_filter=self.capture_filter))
