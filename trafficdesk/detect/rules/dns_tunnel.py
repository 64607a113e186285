"""DNS tunnel: long names, ever different ones, or very many different names under one domain (RITA, C2 over DNS).

The length tells within a minute. A tunnel that keeps its names short, or speaks seldom, needs many of them, and all
under the one domain whose server is its other end.
"""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

CHARACTERS: Final = 45.0
NAMES: Final = 15.0
CHARACTERS_NOW: Final = 30.0
"""Mean of the last seconds: the minute's mean stays high long after the tunnel has ended."""


SUBDOMAINS: Final = 40.0
SUBDOMAIN_CHARACTERS: Final = 16.0
"""Before the domain: hosts of content networks are numbered with fewer."""
SLOW_SUBDOMAINS: Final = 120.0
"""Of 20 min and more; RITA's class "low" begins at 100 in a day, of any length."""
MERGE_S: Final = 600.0


def find(scene: Scene) -> Sighting:
    """DNS rows of a host that looks up many long names."""
    rows = scene.observation.rows
    under_one = scene.reaches("subdomains_60s", SUBDOMAINS) & scene.reaches(
        "subdomain_length_60s", SUBDOMAIN_CHARACTERS
    )
    under_one |= scene.reaches("subdomains_1200s", SLOW_SUBDOMAINS) & scene.reaches(
        "subdomain_length_1200s", SUBDOMAIN_CHARACTERS
    )
    long = (
        scene.reaches("query_length_60s", CHARACTERS)
        & scene.reaches("query_length_5s", CHARACTERS_NOW)
        & scene.reaches("dns_names_60s", NAMES)
    )
    held = (rows.name_length > 0) & (long | under_one)
    return Sighting(held, scene.observation.at_destination["dns_queries"])


def tell(story: Story) -> str:
    """Who looks up what kind of names."""
    if story.values.get("query_length_60s", 0.0) < CHARACTERS:
        slowly = story.values.get("subdomains_60s", 0.0) < SUBDOMAINS
        measure, span = ("subdomains_1200s", "20 min") if slowly else ("subdomains_60s", "60 s")
        return f"{story.culprit} looked up {story.about(measure)} different names under one domain in {span}"
    return (
        f"{story.culprit} looked up {story.about('dns_names_60s')} different names in 60 s, "
        f"{story.about('query_length_60s')} long on average; {story.usually('query_length_60s')}"
    )


RULE: Final = Rule(
    "dns tunnel",
    {
        "dns_names_60s": NAMES,
        "query_length_60s": CHARACTERS,
        "subdomains_60s": SUBDOMAINS,
        "subdomains_1200s": SLOW_SUBDOMAINS,
    },
    find,
    tell,
    merge_s=MERGE_S,
    ways=(("dns_names_60s", "query_length_60s"), ("subdomains_60s",), ("subdomains_1200s",)),
)
