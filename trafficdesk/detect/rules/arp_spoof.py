"""ARP conflict: an address claimed by a second MAC, or replies that nobody asked for (RFC 5227)."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

CONFLICTS: Final = 0.9
"""One, hardly decayed."""
UNSOLICITED: Final = 4.0


def find(scene: Scene) -> Sighting:
    """ARP rows of a device that claims another's address."""
    rows = scene.observation.rows
    at_destination = scene.observation.at_destination
    held = rows.arp & (
        (scene.reaches("arp_conflicts_60s", CONFLICTS) & ~at_destination["arp_conflicts"])
        | (scene.reaches("arp_unsolicited_60s", UNSOLICITED) & ~at_destination["arp_unsolicited"])
    )
    return Sighting(held, np.zeros(len(rows), np.bool_))


def tell(story: Story) -> str:
    """Which address has two owners."""
    if story.values.get("arp_conflicts_60s", 0.0) >= CONFLICTS:
        return (
            f"{story.culprit} claims {story.whom}, for which another device answered within the last 10 min: it listens in, "
            f"or the address was given twice"
        )
    return (
        f"{story.culprit} sent {story.about('arp_unsolicited_60s')} ARP replies in 60 s that nobody asked for; "
        f"{story.usually('arp_unsolicited_60s')}"
    )


RULE: Final = Rule(
    "arp spoof",
    {"arp_conflicts_60s": CONFLICTS, "arp_unsolicited_60s": UNSOLICITED},
    find,
    tell,
    rows_needed=1,
    ways=(("arp_conflicts_60s",), ("arp_unsolicited_60s",)),
)
