"""`Application`: what one application protocol declares about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads
    from trafficdesk.packets.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Over:
    """How an application is recognised over one transport.

    The order is: certain payloads, then ports, then likely payloads; within each, the order of the list.
    """

    ports: tuple[int, ...] = ()
    """IANA or de-facto ports; the lower one of a packet's two is tried first, as Wireshark does."""
    plausible: Callable[[Payloads], NDArray[np.bool_]] | None = None
    """Which payloads on those ports may be it; None = all."""
    leads: tuple[bytes, ...] = ()
    """First one or two bytes of the payloads that `certain` or `likely` should look at, on any port."""
    certain: Callable[[Payloads], NDArray[np.bool_]] | None = None
    """Which payloads are surely it, whatever their port."""
    likely: Callable[[Payloads], NDArray[np.bool_]] | None = None
    """Which payloads are it unless their port says otherwise."""


@dataclass(frozen=True, slots=True)
class Application:
    """One application protocol."""

    protocol: Protocol
    tcp: Over | None = None
    udp: Over | None = None
    fill: Callable[[Payloads], None] | None = None
    """Fills application_*, text and name_* of the rows that were recognised; never raises on wire data."""
