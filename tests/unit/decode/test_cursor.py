"""Kinds of header without an EtherType."""

from __future__ import annotations

from trafficdesk.decode.cursor import SMALLEST_ETHERTYPE, Next
from trafficdesk.packets.protocol import EtherType


def test_kinds_are_no_ethertypes() -> None:
    """One column holds both, so that they must not meet; NOTHING is 0, what fresh memory holds."""
    assert max(Next) < SMALLEST_ETHERTYPE <= min(kind for kind in EtherType if kind)
    assert Next.NOTHING == 0
