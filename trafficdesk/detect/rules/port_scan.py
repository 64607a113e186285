"""Port scan: many ports on one host, most of them unanswered (Zeek: 15 in 5 min; lower by the scan's shape)."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

PORTS: Final = 12.0
UNANSWERED: Final = 10.0


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
    return Sighting(held, scene.observation.at_destination["unanswered"])


def tell(story: Story) -> str:
    """Who tried how many ports on whom."""
    return (
        f"{story.culprit} tried {story.about('pair_ports_60s')} ports on {story.whom} in 60 s; "
        f"{story.usually('pair_ports_60s')}; {story.about('unanswered_60s')} attempts were not answered"
    )


RULE: Final = Rule("port scan", {"pair_ports_60s": PORTS, "unanswered_60s": UNANSWERED}, find, tell)
