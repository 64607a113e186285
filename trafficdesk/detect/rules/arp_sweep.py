"""ARP sweep: one device asks for many addresses of the network (Slips: 5 in 30 s)."""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

TARGETS: Final = 10.0


def find(scene: Scene) -> Sighting:
    """ARP rows of a device that asks for many addresses."""
    rows = scene.observation.rows
    held = rows.arp & scene.reaches("arp_targets_5s", TARGETS)
    return Sighting(held, scene.observation.at_destination["arp_targets"])


def tell(story: Story) -> str:
    """Who asked for how many addresses."""
    return (
        f"{story.culprit} asked by ARP for {story.about('arp_targets_5s')} addresses in 5 s; "
        f"{story.usually('arp_targets_5s')}"
    )


RULE: Final = Rule("arp sweep", {"arp_targets_5s": TARGETS}, find, tell, after_gap=3.0)
