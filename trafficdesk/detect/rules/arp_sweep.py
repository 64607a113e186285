"""ARP sweep: one device asks for many addresses of the network (Slips: 5 in 30 s).

A sweep that takes its time is told by addresses never asked for before, most of which nobody has.
"""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

TARGETS: Final = 10.0
SLOW_TARGETS: Final = 60.0
SLOW_UNANSWERED: Final = 50.0
"""Over many minutes; a gateway asks for every device of its network, too, and they answer."""


def find(scene: Scene) -> Sighting:
    """ARP rows of a device that asks for many addresses."""
    rows = scene.observation.rows
    quickly = scene.reaches("arp_targets_5s", TARGETS)
    slowly = scene.reaches("slow_hosts", SLOW_TARGETS) & scene.reaches(
        "slow_hosts_unanswered", SLOW_UNANSWERED
    )
    return Sighting(rows.arp & (quickly | slowly), scene.observation.at_destination["arp_targets"] & ~slowly)


def tell(story: Story) -> str:
    """Who asked for how many addresses."""
    if story.values.get("arp_targets_5s", 0.0) < TARGETS:
        return (
            f"{story.culprit} asked by ARP for {story.about('slow_hosts')} addresses over many minutes; "
            f"{story.about('slow_hosts_unanswered')} did not answer"
        )
    return (
        f"{story.culprit} asked by ARP for {story.about('arp_targets_5s')} addresses in 5 s; "
        f"{story.usually('arp_targets_5s')}"
    )


RULE: Final = Rule(
    "arp sweep",
    {
        "arp_targets_5s": TARGETS,
        "slow_hosts": SLOW_TARGETS,
        "slow_hosts_unanswered": SLOW_UNANSWERED,
    },
    find,
    tell,
    after_gap=3.0,
    ways=(("arp_targets_5s",), ("slow_hosts", "slow_hosts_unanswered")),
)
