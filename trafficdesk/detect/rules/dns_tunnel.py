"""DNS tunnel: long names, ever different ones (RITA counts names per domain; the length tells within a minute)."""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

CHARACTERS: Final = 45.0
NAMES: Final = 15.0
CHARACTERS_NOW: Final = 30.0
"""Mean of the last seconds: the minute's mean stays high long after the tunnel has ended."""


def find(scene: Scene) -> Sighting:
    """DNS rows of a host that looks up many long names."""
    rows = scene.observation.rows
    held = (
        (rows.name_length > 0)
        & scene.reaches("query_length_60s", CHARACTERS)
        & scene.reaches("query_length_5s", CHARACTERS_NOW)
        & scene.reaches("dns_names_60s", NAMES)
    )
    return Sighting(held, scene.observation.at_destination["dns_queries"])


def tell(story: Story) -> str:
    """Who looks up what kind of names."""
    return (
        f"{story.culprit} looked up {story.about('dns_names_60s')} different names in 60 s, "
        f"{story.about('query_length_60s')} long on average; {story.usually('query_length_60s')}"
    )


RULE: Final = Rule("dns tunnel", {"dns_names_60s": NAMES, "query_length_60s": CHARACTERS}, find, tell)
