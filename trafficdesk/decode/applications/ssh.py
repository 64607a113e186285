"""SSH (RFC 4253): the identification string as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.text import give_first_line
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

BANNERS: Final = (b"SSH-2.", b"SSH-1.")
LINE_BYTES: Final = 120
"""RFC 4253 section 4.2 allows 255; products use about 40."""


def _is_banner(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins(BANNERS)


def _fill(payloads: Payloads) -> None:
    give_first_line(payloads.select(_is_banner(payloads)), LINE_BYTES)


SSH: Final = Application(
    Protocol.SSH, tcp=Over(ports=(22, 29418), leads=(b"SS",), certain=_is_banner), fill=_fill
)
