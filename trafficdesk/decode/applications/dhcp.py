"""DHCP (RFC 2131, RFC 2132): message type as application_code, BOOTP's operation as _type, host name as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.text import give_piece
from trafficdesk.packets.protocol import Protocol, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

OPTIONS_AT: Final = 240
"""Bytes before the first option, magic cookie included (RFC 2131 section 2)."""
MAGIC: Final = 0x63825363
MESSAGE_TYPE: Final = 53
HOST_NAME: Final = 12
PAD: Final = 0
END: Final = 255
MAX_OPTIONS: Final = 64
"""Real messages have about 10; the bound keeps a hostile one from costing more."""


def _fill(payloads: Payloads) -> None:
    short = payloads.lengths < OPTIONS_AT - 4
    payloads.workspace.mark(payloads.rows[short], Status.MALFORMED)
    payloads.workspace.mark(payloads.rows[~short & (payloads.captured < OPTIONS_AT - 4)], Status.TRUNCATED)
    payloads.set("application_type", payloads.head[:, 0])
    payloads = payloads.select(payloads.be32(OPTIONS_AT - 4) == MAGIC)
    at = np.full(len(payloads), OPTIONS_AT)
    for _ in range(MAX_OPTIONS):
        kind = payloads.u8(at)
        going = (kind != END) & (at < payloads.captured)
        if not going.all():
            payloads, at, kind = payloads.select(going), at[going], kind[going]
        if not len(payloads):
            return
        _take_option(payloads, kind, at)
        at = at + np.where(kind == PAD, 1, 2 + payloads.u8(at + 1).astype(np.int64))


def _take_option(payloads: Payloads, kind: NDArray[np.uint8], at: NDArray[np.int64]) -> None:
    message_type = kind == MESSAGE_TYPE
    if message_type.any():
        typed = payloads.select(message_type)
        typed.set("application_code", typed.u8(at[message_type] + 2))
    host = kind == HOST_NAME
    if host.any():
        named = payloads.select(host)
        give_piece(named, at[host] + 2, named.u8(at[host] + 1).astype(np.int64))


DHCP: Final = Application(Protocol.DHCP, udp=Over(ports=(67, 68, 4011)), fill=_fill)
