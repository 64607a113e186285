"""`NameRows`: what addresses are called, on its way into the history; bounded, whatever names are invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.store.admitted import Admitted
from trafficdesk.store.schema import NAME, NAME_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.packets.identities import Host
    from trafficdesk.store.parcel import Parcel

NAMES_A_DAY: Final = 20_000
"""Those that come later in the day are not kept."""
_DAY_NS: Final = 86_400 * 1_000_000_000


class NameRows:
    """Makes rows of what one sensor learns.

    Parameters
    ----------
    sensor : its number.
    capacity : names of one day that are kept.
    """

    def __init__(self, sensor: int, capacity: int = NAMES_A_DAY) -> None:
        self._sensor = sensor
        self._admitted = Admitted(capacity)

    def add(self, learned: Iterable[tuple[bytes, Host]], now_ns: int, parcel: Parcel) -> None:
        """Put what was learned of addresses (16 bytes) by now into `parcel`."""
        rows = [(address, host.name[:NAME_LENGTH], host.source.words) for address, host in learned]
        kept = self._admitted.named([now_ns // _DAY_NS] * len(rows), rows, None)
        for row in filter(None, kept):
            parcel.add_row(NAME, self._sensor, *row, now_ns, now_ns)
