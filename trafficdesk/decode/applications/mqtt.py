"""MQTT (OASIS MQTT 5.0 section 2.1) by its CONNECT packet on any port, else by port: application_code = packet type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

NAME: Final = b"\x00\x04MQTT"


def _is_connect(payloads: Payloads) -> NDArray[np.bool_]:
    """The remaining length before the name takes one or two bytes."""
    one = (payloads.head[:, 2:8] == list(NAME)).all(axis=1)
    two = (payloads.head[:, 3:9] == list(NAME)).all(axis=1)
    found: NDArray[np.bool_] = one | two
    return found


def _fill(payloads: Payloads) -> None:
    payloads.set("application_code", payloads.head[:, 0] >> np.uint8(4))


MQTT: Final = Application(
    Protocol.MQTT, tcp=Over(ports=(1883,), leads=(b"\x10",), certain=_is_connect), fill=_fill
)
