"""Which BPF program a packet socket needs for a capture filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.capture.bpf import compile_filter
from trafficdesk.capture.ring_frames import ETHERNET

if TYPE_CHECKING:
    from trafficdesk.capture.bpf import Instruction


def ring_program(
    expression: str, link_type: int | None, snap_length: int, interface: str
) -> tuple[Instruction, ...]:
    """The program of `expression`.

    Parameters
    ----------
    link_type : LINKTYPE_ value of what the socket gives; None = cooked.

    Raises
    ------
    BadCaptureFilter
        With libpcap's own words.
    """
    # A cooked socket's filter sees frames from their network header on: raw IP to libpcap.
    seen_as = {None: 12, 101: 12}.get(link_type, link_type)
    return compile_filter(
        expression,
        link_type=seen_as or ETHERNET,
        snap_length=snap_length,
        interface=interface if link_type == ETHERNET else "",
    )
