"""What every source of frames is: a file read forwards, or an interface read until it is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
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


class FrameStore(Protocol):
    """Where a packet's raw bytes can be had again."""

    def frame(self, packet_id: int) -> Frame | None:
        """The frame, or None when its bytes are no longer kept."""
        ...
