"""NXDOMAIN: many looked-up names do not exist, as when malware guesses its master's names."""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

MISSING: Final = 15.0


def find(scene: Scene) -> Sighting:
    """DNS rows of a host that is told again and again that a name does not exist."""
    rows = scene.observation.rows
    held = (rows.name_length > 0) & scene.reaches("dns_missing_60s", MISSING)
    return Sighting(held, scene.observation.at_destination["dns_missing"])


def tell(story: Story) -> str:
    """Who asks for names that do not exist."""
    return (
        f"{story.culprit} looked up {story.about('dns_missing_60s')} names in 60 s that do not exist; "
        f"{story.usually('dns_missing_60s')}"
    )


RULE: Final = Rule("nxdomain", {"dns_missing_60s": MISSING}, find, tell)
