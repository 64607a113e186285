"""NXDOMAIN: many looked-up names do not exist, as when malware guesses its master's names."""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

MISSING: Final = 15.0
"""Different names: a device that asks for the same missing one all day is only mistaken."""


def find(scene: Scene) -> Sighting:
    """DNS rows of a host that is told again and again that a name does not exist."""
    rows = scene.observation.rows
    held = (rows.name_length > 0) & scene.reaches("missing_names_60s", MISSING)
    return Sighting(held, ~rows.dns_query)


def tell(story: Story) -> str:
    """Who asks for names that do not exist."""
    return (
        f"{story.culprit} looked up {story.about('missing_names_60s')} different names in 60 s that do not exist; "
        f"{story.usually('missing_names_60s')}"
    )


RULE: Final = Rule("nxdomain", {"missing_names_60s": MISSING}, find, tell)
