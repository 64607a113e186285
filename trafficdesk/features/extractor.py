"""`FeatureExtractor`: packets in, the detector's matrix out; causal, and the same however the packets are cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features import row
from trafficdesk.features.afterimage import AfterImage
from trafficdesk.features.beat import Beat
from trafficdesk.features.clock import CaptureClock
from trafficdesk.features.conversation import Conversation
from trafficdesk.features.domains import Domains
from trafficdesk.features.echo import Echo
from trafficdesk.features.events import EventFinder
from trafficdesk.features.gaps import Gaps
from trafficdesk.features.host_window import HostWindow
from trafficdesk.features.keys import rows_of
from trafficdesk.features.known import Known
from trafficdesk.features.outflow import Outflow
from trafficdesk.features.reflected import Reflected
from trafficdesk.features.scan_shape import ScanShape
from trafficdesk.features.slow_scan import SlowScan
from trafficdesk.features.state import IDLE_S
from trafficdesk.features.upload import Upload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from trafficdesk.features.keys import Rows
    from trafficdesk.packets.batch import PacketBatch


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What the features say of consecutive rows."""

    values: NDArray[np.float32]
    """(rows, features) in the order of `FEATURES`, as stored (see `Feature.said`)."""
    rows: Rows
    """Keys and classes, for the rules."""
    at_destination: Mapping[str, NDArray[np.bool_]]
    """Per counter, whether the destination's is larger than the source's."""
    at_pair: Mapping[str, NDArray[np.float64]]
    """What a flood's target is told by, of a row's two hosts, damped (5 s): `unanswered` attempts between them; on echo
    rows also `pings` and, of these, `ping_requests`."""


class FeatureExtractor:
    """State of every family; one per capture."""

    def __init__(self) -> None:
        self._clock = CaptureClock()
        self._gaps = Gaps()
        self.known = Known()
        """Devices and services of the network; outlasts silences."""
        self._begin()

    def _begin(self) -> None:
        self._events = EventFinder()
        self._host_window = HostWindow()
        self._scan_shape = ScanShape()
        self._slow_scan = SlowScan()
        self._reflected = Reflected()
        self._domains = Domains()
        self._echo = Echo()
        self._outflow = Outflow()
        self._upload = Upload()
        self._beat = Beat()
        self._conversation = Conversation()
        self._afterimage = AfterImage()
        self._now_s = 0.0

    def change_network(self, seen: Mapping[str, NDArray[np.int64]], watched_s: float) -> None:
        """Go on in a network of which `seen` is known, see `Known.remember`; nothing of it if that is empty."""
        self.known = Known()
        self.known.remember(seen, watched_s)

    def update(self, batch: PacketBatch) -> NDArray[np.float32]:
        """(rows, features) of packets that follow those of the former call."""
        return self.observe(batch).values

    def tell_gaps(self, spans: Iterable[tuple[int, int]]) -> None:
        """Take spans (start, end) in ns in which nothing could be captured, before the rows that follow them."""
        self._gaps.tell(spans)

    def observe(self, batch: PacketBatch) -> Observation:
        """As `update`, with what the rules need besides."""
        timestamps = batch["timestamp_ns"]
        seconds = self._clock.seconds(timestamps, self._gaps.spans)
        if len(batch) and seconds[0] - self._now_s > IDLE_S:
            self._begin()  # all that is known is stale, and need not be kept either
        self._now_s = float(seconds.max(initial=self._now_s))
        rows = rows_of(batch, seconds, self._gaps.since(timestamps))
        events = self._events.find(rows)
        counters, at_destination = self._host_window.update(rows, events)
        shape, unanswered = self._scan_shape.update(rows, events)
        echo, pings = self._echo.update(rows)
        columns = [
            *counters,
            *shape,
            *self._upload.update(rows),
            *self._beat.update(rows, events),
            *self._conversation.update(rows, events),
            *row.columns(rows, events),
            *self._afterimage.update(rows),
            *self._slow_scan.update(rows, events),
            *self._reflected.update(rows, events),
            *self._domains.update(rows, batch),
            *echo,
            *self._outflow.update(rows),
            *self.known.update(rows, events),
        ]
        at_pair = {"unanswered": unanswered, "pings": pings[0], "ping_requests": pings[1]}
        return Observation(_matrix(columns, len(rows)), rows, at_destination, at_pair)


_PADDING: Final = 16
"""Values between columns: columns a power of two apart would share their places in the processor's cache."""


def _matrix(columns: list[NDArray[np.float64]], rows: int) -> NDArray[np.float32]:
    """(rows, columns) of so many columns."""
    planes = np.empty((len(columns), rows + _PADDING), np.float32)[:, :rows]
    for plane, column in zip(planes, columns, strict=True):
        plane[:] = column
    return np.ascontiguousarray(planes.T)
