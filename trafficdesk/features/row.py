"""What a packet shows by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.events import Events
    from trafficdesk.features.keys import Rows


def _flag(name: str, words: str, source: str) -> Feature:
    return Feature(name, "", 0.0, words, source, Scale.PLAIN, tellable=False, ranged=False)


FEATURES: Final = (
    Feature("length", "bytes", 0.0, "a packet of {}", "IEEE 802.3"),
    Feature("name_length", "characters", 0.0, "a DNS name of {}", "RFC 1035 section 2.3.4"),
    Feature("name_entropy", "bits", 0.0, "a DNS name of {} per character", "Slips", Scale.PLAIN),
    _flag("is_opener", "opens a conversation", "RFC 9293 section 3.5"),
    _flag("is_reset", "resets a connection", "RFC 9293 section 3.5.3"),
    _flag("is_syn", "asks for a connection", "RFC 9293 section 3.5"),
    _flag("arp_operation", "ARP operation", "RFC 826"),
    _flag("is_icmp", "is ICMP", "RFC 792"),
    _flag("is_udp", "is UDP", "RFC 768"),
    Feature("low_port", "port", 0.0, "service port {}", "IANA service names", tellable=False, ranged=False),
)


def columns(rows: Rows, events: Events) -> list[NDArray[np.float64]]:
    """Columns of `FEATURES`."""
    flags = (
        events.opener,
        rows.rst,
        rows.syn,
        np.where(rows.arp, rows.message_type, 0),
        rows.icmp,
        rows.udp,
    )
    return [
        np.log1p(rows.length),
        np.log1p(rows.name_length),
        rows.name_entropy,
        *(flag.astype(np.float64) for flag in flags),
        np.log1p(np.maximum(rows.low_port, 0).astype(np.float64)),
    ]
