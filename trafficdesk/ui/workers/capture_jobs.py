"""What a capture thread is to do: read a file, or listen on an interface. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.capture.frame_store import LiveFrames
    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.capture.pump import CapturePump
    from trafficdesk.capture.source import FrameStore
    from trafficdesk.capture.spool.folder import Abandoned
    from trafficdesk.capture.spool.spooled_capture import SpooledCapture
    from trafficdesk.settings import CaptureSettings

Announce = Callable[["FrameStore"], None]


class CaptureJob(Protocol):
    """One source, opened and read in the thread that calls `run`."""

    @property
    def title(self) -> str:
        """The source's name as a person knows it."""
        ...

    @property
    def live(self) -> bool:
        """Whether it goes on until it is stopped."""
        ...

    @property
    def progress(self) -> float | None:
        """Share read, 0 to 1; None where there is no end."""
        ...

    def run(self, pump: CapturePump, announce: Announce) -> None:
        """Read to the end or until the pump is stopped; tell where raw bytes can be had.

        Raises
        ------
        CaptureError
            If the source can't be had, breaks or goes away.
        """
        ...

    def close(self) -> None:
        """Let go of what `run` left open for the details pane."""
        ...


class FileJob:
    """Read a capture file.

    Parameters
    ----------
    path : the file.
    title : its name for a person; the path's name where empty.
    """

    live = False

    def __init__(self, path: Path, title: str = "") -> None:
        self.path = path
        self.title = title or path.name
        self._file: CaptureFile | SpooledCapture | None = None

    @property
    def progress(self) -> float | None:
        """Share of the file read."""
        return self._file.progress if self._file else 0.0

    def run(self, pump: CapturePump, announce: Announce) -> None:
        """Read to the end; the file stays open for `frame`."""
        try:
            self._file = self._open()
        except OSError as error:
            cause = error.strerror or str(error)
            raise BadCaptureFile(f"{self.path} can't be opened: {cause}.", "Choose another file.") from error
        announce(self._file)
        pump.run_file(self._file)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> CaptureFile | SpooledCapture:
        from trafficdesk.capture.pcap_file import CaptureFile

        return CaptureFile(self.path)


class AbandonedJob(FileJob):
    """Read what was kept of a capture whose program died."""

    def __init__(self, capture: Abandoned) -> None:
        super().__init__(capture.folder, capture.title)
        self._capture = capture

    def _open(self) -> SpooledCapture:
        from trafficdesk.capture.spool.spooled_capture import SpooledCapture

        return SpooledCapture(self._capture.pieces)


class LiveJob:
    """Listen on an interface, or several separated by commas, until stopped."""

    live = True
    progress = None

    def __init__(self, interface: str, settings: CaptureSettings) -> None:
        self.interface = interface
        self.title = ", ".join(name.strip() for name in interface.split(","))
        self._settings = settings
        self._frames: LiveFrames | None = None

    def run(self, pump: CapturePump, announce: Announce) -> None:
        """Capture; frames are kept for the details pane and for saving."""
        from trafficdesk.capture.frame_store import open_frames
        from trafficdesk.capture.limits import StopLimits
        from trafficdesk.capture.several import open_interfaces

        source = open_interfaces(self.interface, self._settings)
        try:
            self._frames = open_frames(self._settings, self.title, lambda: source.interfaces, pump.warn)
            announce(self._frames)
            pump.run_live(source, self._frames, StopLimits.of(self._settings))
        finally:
            source.close()
            if self._frames is not None:
                self._frames.finish()

    def close(self) -> None:
        """Leave what was spooled to the caps."""
        if self._frames is not None:
            self._frames.close()
            self._frames = None
