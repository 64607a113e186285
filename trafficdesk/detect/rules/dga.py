"""Generated names: names that do not exist and look like chance, as malware guesses its master's names.

Slips and Zeek count missing names; the entropy of their first labels tells chance from mistyping: eight
different letters have 3.0 bits each, the names of hosts and services mostly less.
"""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

MISSING: Final = 10.0
"""Different names; Chrome asked for three at its start to see if its network lies about missing names."""
ENTROPY: Final = 3.0


def find(scene: Scene) -> Sighting:
    """DNS rows of a host whose missing names look like chance."""
    rows = scene.observation.rows
    held = (
        (rows.name_length > 0)
        & scene.reaches("missing_names_60s", MISSING)
        & scene.reaches("missing_entropy_60s", ENTROPY)
    )
    return Sighting(held, ~rows.dns_query)


def tell(story: Story) -> str:
    """Who asks for what kind of names."""
    return (
        f"{story.culprit} looked up {story.about('missing_names_60s')} different names in 60 s that do not exist and look "
        f"like chance ({story.about('missing_entropy_60s')} per character); {story.usually('missing_names_60s')}"
    )


RULE: Final = Rule("dga", {"missing_names_60s": MISSING, "missing_entropy_60s": ENTROPY}, find, tell)
