"""SSH (RFC 4253): the identification string as text, what is not yet encrypted by its message number as application_code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.text import give_first_line
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

BANNERS: Final = (b"SSH-2.", b"SSH-1.")
LINE_BYTES: Final = 120
"""RFC 4253 section 4.2 allows 255; products use about 40."""

_CLEAR: Final = (20, 21, 30, 31, 32, 33, 34)
"""Key exchange, all that is ever sent in clear text (RFC 4253 section 12, RFC 4419 section 5, RFC 5656 section 7.1)."""
_BLOCK: Final = 8
"""Length field, padding and what is between fill whole blocks (RFC 4253 section 6)."""


def _is_banner(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins(BANNERS)


def _fill(payloads: Payloads) -> None:
    give_first_line(payloads.select(_is_banner(payloads)), LINE_BYTES)
    size, padding, message = payloads.be32(0).astype(np.int64), payloads.u8(4), payloads.u8(5)
    clear = np.isin(message, _CLEAR) & (padding >= 4) & (padding < size)
    clear &= (size + 4 <= payloads.lengths) & ((size + 4) % _BLOCK == 0)
    payloads.select(clear).set("application_code", message[clear])


SSH: Final = Application(
    Protocol.SSH, tcp=Over(ports=(22, 29418), leads=(b"SS",), certain=_is_banner), fill=_fill
)
