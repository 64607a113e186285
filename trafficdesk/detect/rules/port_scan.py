"""Port scan: many ports on one host, most of them unanswered (Zeek: 15 in 5 min; lower by the scan's shape).

A scan that takes its time is told by ports never tried before, over many minutes.
"""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

PORTS: Final = 12.0
UNANSWERED: Final = 10.0
SLOW_PORTS: Final = 15.0
SLOW_UNANSWERED: Final = 12.0
PROTOCOLS: Final = 8.0
"""IP protocols without ports between two hosts: a VPN and routing make three or four."""
MERGE_S: Final = 600.0
"""A slow scan's probes are minutes apart."""


def find(scene: Scene) -> Sighting:
    """Rows of a pair of hosts on which many ports were tried."""
    rows = scene.observation.rows
    # Unreachable messages are answers to the scan; IPv6 numbers them 1 (RFC 4443), IPv4 3 (RFC 792).
    unreachable = rows.icmp & (rows.message_type == np.where(rows.ip_protocol == 1, 3, 1))
    held = (
        rows.ip
        & (~rows.icmp | unreachable)
        & scene.reaches("pair_ports_60s", PORTS)
        & scene.reaches("unanswered_60s", UNANSWERED)
    )
    slowly = (
        rows.ip
        & scene.reaches("slow_ports", SLOW_PORTS)
        & scene.reaches("slow_ports_unanswered", SLOW_UNANSWERED)
    )
    at_destination = scene.observation.at_destination["unanswered"] & held
    protocols = rows.ip & scene.reaches("pair_protocols_60s", PROTOCOLS)
    return Sighting(held | slowly | protocols, at_destination)


def tell(story: Story) -> str:
    """Who tried how many ports on whom."""
    if story.values.get("pair_protocols_60s", 0.0) >= PROTOCOLS:
        return (
            f"{story.culprit} tried {story.about('pair_protocols_60s')} IP protocols on {story.whom} in 60 s"
        )
    if story.values.get("pair_ports_60s", 0.0) < PORTS:
        return (
            f"{story.culprit} tried {story.about('slow_ports')} ports on {story.whom} over many minutes; "
            f"{story.about('slow_ports_unanswered')} attempts were not answered"
        )
    return (
        f"{story.culprit} tried {story.about('pair_ports_60s')} ports on {story.whom} in 60 s; "
        f"{story.usually('pair_ports_60s')}; {story.about('unanswered_60s')} attempts were not answered"
    )


RULE: Final = Rule(
    "port scan",
    {
        "pair_ports_60s": PORTS,
        "unanswered_60s": UNANSWERED,
        "slow_ports": SLOW_PORTS,
        "slow_ports_unanswered": SLOW_UNANSWERED,
        "pair_protocols_60s": PROTOCOLS,
    },
    find,
    tell,
    merge_s=MERGE_S,
    ways=(
        ("pair_ports_60s", "unanswered_60s"),
        ("slow_ports", "slow_ports_unanswered"),
        ("pair_protocols_60s",),
    ),
)
