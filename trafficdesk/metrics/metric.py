"""What a metric is: something that takes batches and fills its part of the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch


class Metric(Protocol):
    """One measure over a capture; state bounded, work vectorised over the batch."""

    def add(self, batch: PacketBatch) -> None:
        """Count a batch (never empty)."""
        ...

    def values(self) -> dict[str, Any]:
        """The fields that this metric fills of `MetricsSnapshot`."""
        ...
