"""Beacon: connections to one outside service, evenly spaced (RITA: regularity of the gaps; >= 4 connections)."""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story
from trafficdesk.detect.words import seconds
from trafficdesk.packets.address import is_local

BEATS: Final = 6.0
VARIATION: Final = 0.12
"""Standard deviation over mean."""
MEAN_S: Final = 1.5
MERGE_S: Final = 6 * 3_600.0
"""A device that checks in all day is one finding, though its regularity wavers."""


def find(scene: Scene) -> Sighting:
    """Rows of a channel to the outside whose connections are evenly spaced."""
    rows = scene.observation.rows
    to_service = rows.destination_port <= rows.source_port
    held = (
        rows.ported
        & ~rows.infrastructure
        & ~rows.multicast
        & scene.reaches("beat_count", BEATS)
        & (scene.value("beat_variation") < VARIATION)
        & scene.reaches("beat_mean", MEAN_S)
    )
    if held.any():
        # Costly, and needed for few rows only.
        batch = scene.batch
        held &= (to_service & ~is_local(batch["destination"])) | (~to_service & ~is_local(batch["source"]))
    return Sighting(held, ~to_service)


def tell(story: Story) -> str:
    """Who calls whom how often."""
    return (
        f"{story.culprit} opened a connection to {story.whom} every {seconds(story.values.get('beat_mean', 0.0))}, "
        f"{story.about('beat_count')} times, hardly a beat off"
    )


RULE: Final = Rule("beacon", {"beat_count": BEATS, "beat_mean": MEAN_S}, find, tell, merge_s=MERGE_S)
