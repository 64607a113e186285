"""What every source of frames is: a file read forwards, or an interface read until it is stopped."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.packets.block import FrameBlock


@dataclass(frozen=True, slots=True)
class CaptureStatistics:
    """What was lost, by place; counted since the capture began."""

    received: int = 0
    """Frames delivered to us."""
    dropped_kernel: int = 0
    """Frames the kernel could not put into the ring."""
    dropped_queue: int = 0
    """Frames we had but could not pass on in time."""
    dropped_disk: int = 0
    """Frames that were passed on but could not be kept on disk."""


def added(first: CaptureStatistics, second: CaptureStatistics) -> CaptureStatistics:
    """Both together."""
    return CaptureStatistics(
        **{
            item.name: getattr(first, item.name) + getattr(second, item.name)
            for item in fields(CaptureStatistics)
        }
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of time in which an interface could not be captured on."""

    interface: str
    """Its name."""
    start_ns: int
    """Nanoseconds since the Unix epoch."""
    end_ns: int | None
    """None = it lasts."""
    reason: str
    """One sentence for a person."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One raw frame, for the details pane and exports."""

    data: bytes
    timestamp_ns: int
    wire_length: int
    link_type: int
    interface: int = 0
    """Its number within the capture."""


class LiveSource(Protocol):
    """An interface being captured on."""

    @property
    def name(self) -> str:
        """The interface's name."""
        ...

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names of the interfaces by their number in the blocks; may grow while capturing."""
        ...

    def read(self, timeout_s: float) -> FrameBlock | None:
        """Wait up to `timeout_s` for frames; None where none came. first_id is 0: the caller numbers them.

        Raises
        ------
        CaptureError
            If the interface has gone; frames read before have been delivered.
        """
        ...

    def statistics(self) -> CaptureStatistics:
        """Counters since the capture began."""
        ...

    def close(self) -> None:
        """Give the interface back; may be called twice."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """A live source that can go on after a fault, without a new permission."""

    def resume(self, interface: str) -> None:
        """Go on with the interface that has this name now.

        Raises
        ------
        CaptureError
            If this source can't; another may.
        """
        ...


@runtime_checkable
class Refilterable(Protocol):
    """A live source whose capture filter can be changed without opening it anew."""

    def refilter(self, expression: str) -> None:
        """Let through what `expression` says, from now on; from any thread.

        Raises
        ------
        BadCaptureFilter, CaptureError
            If it is none, or this source can't; the former one holds.
        """
        ...


@runtime_checkable
class Enduring(Protocol):
    """A live source that waits for its interface instead of failing."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Spans in which an interface could not be captured on, by beginning; a gap that has ended replaces itself."""
        ...

    @property
    def waiting(self) -> str:
        """Which interfaces are waited for, and why; empty = none."""
        ...


class FrameStore(Protocol):
    """Where packets' raw bytes can be had again; may be asked from several threads."""

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names of the interfaces by their number in the frames; empty where unknown."""
        ...

    @property
    def first_id(self) -> int:
        """packet_id before which no frame is kept."""
        ...

    def frame(self, packet_id: int) -> Frame | None:
        """The frame, or None when its bytes are no longer kept."""
        ...

    def kept(self, ids: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], FrameBlock]]:
        """The frames of ascending packet_ids as far as they are kept: (frames,) ids and as many frames, in order."""
        ...


class FrameSink(Protocol):
    """Where a live capture puts its raw frames; never blocks."""

    @property
    def dropped_disk(self) -> int:
        """Frames that could not be kept on disk."""
        ...

    def add(self, block: FrameBlock) -> None:
        """Keep `block`, whose numbers are beyond those before."""
        ...
