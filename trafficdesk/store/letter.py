"""`Letter`: one alert on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trafficdesk.paths import data_dir

if TYPE_CHECKING:
    from trafficdesk.store.outbox import StoredOutbox


@dataclass(frozen=True, slots=True)
class Letter:
    """One alert for one channel."""

    fingerprint: str
    """The same alert has the same one, and is delivered once."""
    channel: str
    """Name in `alerts.channels`."""
    body: str
    """As the channel wants it."""
    created_ns: int
    attempts: int = 0
    next_ns: int = 0
    """Not before."""


def stored_outbox() -> StoredOutbox:
    """The person's outbox, opened; errors as `StoredOutbox`."""
    from trafficdesk.store.outbox import StoredOutbox

    return StoredOutbox(data_dir())
