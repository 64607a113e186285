"""Where packets are lost, in a person's words: how each place is called, what it means, and what helps there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trafficdesk.capture.source import CaptureStatistics


@dataclass(frozen=True, slots=True)
class Place:
    """One place."""

    name: str
    """As in `dropped` of the summaries: kernel, queue, disk."""
    short: str
    """Follows a number in one line."""
    title: str
    meaning: str
    """One sentence."""
    remedy: str
    """One sentence."""

    def count(self, statistics: CaptureStatistics) -> int:
        """Packets lost there."""
        return int(getattr(statistics, f"dropped_{self.name}"))


PLACES: Final = (
    Place(
        "kernel",
        "by the system",
        "The system's buffer was full",
        "Packets came while TrafficDesk had no processor to take them out of the kernel's ring.",
        "A larger kernel ring bridges longer bursts; a capture filter or a shorter snap length makes less to take.",
    ),
    Place(
        "queue",
        "by TrafficDesk",
        "TrafficDesk's queue was full",
        "Packets were read, but came faster than they could be decoded for longer than the queue could bridge.",
        "A capture filter that keeps only what matters helps most; so do fewer other programs on this computer.",
    ),
    Place(
        "disk",
        "not kept on disk",
        "The disk did not keep up",
        "These packets are in the table and were analysed, but their bytes were not written.",
        "A faster disk, more free space, or a shorter snap length helps.",
    ),
)


def lost_in(statistics: CaptureStatistics) -> int:
    """Packets lost at any place."""
    return sum(place.count(statistics) for place in PLACES)


def lost_by_place(statistics: CaptureStatistics) -> str:
    """`12 by the system, 3 by TrafficDesk`; empty where nothing was lost."""
    counts = ((place.count(statistics), place.short) for place in PLACES)
    return ", ".join(f"{count:,} {short}" for count, short in counts if count)


@dataclass(frozen=True, slots=True)
class Loss:
    """What was lost at one place."""

    place: Place
    packets: int
    first_s: float
    """When it was first noticed, seconds since the Unix epoch."""
    last_s: float


class LossHistory:
    """Remembers when each place lost packets first and last; told the counters from time to time."""

    def __init__(self) -> None:
        self._losses: dict[str, Loss] = {}

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Places that lost something, in the packets' order."""
        return tuple(self._losses[place.name] for place in PLACES if place.name in self._losses)

    def note(self, statistics: CaptureStatistics, now_s: float) -> None:
        """Take the counters as of `now_s`; lower ones are a new capture's."""
        for place in PLACES:
            packets, known = place.count(statistics), self._losses.get(place.name)
            if known is not None and packets < known.packets:
                del self._losses[place.name]
                known = None
            if packets and (known is None or packets > known.packets):
                self._losses[place.name] = Loss(place, packets, known.first_s if known else now_s, now_s)
