"""Beacon: connections to one outside service, evenly spaced or alike in gaps and sizes (RITA v5).

A beat hardly varies by itself. One that was told to vary (jitter) still shows in RITA's score: gaps symmetric about
their median and close to it, sizes alike; after six hours also how steadily it goes through the day.
"""

from typing import Final

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story
from trafficdesk.detect.words import seconds
from trafficdesk.packets.address import is_local

BEATS: Final = 6.0
VARIATION: Final = 0.12
"""Standard deviation over mean."""
MEAN_S: Final = 1.5
SCORE: Final = 0.9
"""RITA's class "medium"."""
SCORED_GAPS: Final = 16.0
"""Quartiles of fewer gaps are chance."""
MERGE_S: Final = 6 * 3_600.0
"""A device that checks in all day is one finding, though its regularity wavers."""


def find(scene: Scene) -> Sighting:
    """Rows of a channel to the outside whose connections are evenly spaced."""
    rows = scene.observation.rows
    to_service = rows.destination_port <= rows.source_port
    steady = scene.reaches("beat_count", BEATS) & (scene.value("beat_variation") < VARIATION)
    alike = scene.reaches("beacon_gaps", SCORED_GAPS) & (scene.value("beacon_score") >= SCORE)
    held = (
        rows.ported
        & ~rows.infrastructure
        & ~rows.multicast
        & (steady | alike)
        & scene.reaches("beat_mean", MEAN_S)
    )
    if held.any():
        # Costly, and needed for few rows only.
        batch = scene.batch
        held &= (to_service & ~is_local(batch["destination"])) | (~to_service & ~is_local(batch["source"]))
    return Sighting(held, ~to_service)


def tell(story: Story) -> str:
    """Who calls whom how often."""
    how = "hardly a beat off"
    if story.values.get("beacon_score", 0.0) >= SCORE:
        how = f"alike in spacing and size (beacon score {story.values['beacon_score']:.2f} of 1)"
    beats = max(story.values.get("beat_count", 0.0), story.values.get("beacon_gaps", 0.0))
    return (
        f"{story.culprit} opened a connection to {story.whom} every {seconds(story.values.get('beat_mean', 0.0))}, "
        f"at least {beats:,.0f} times, {how}"
    )


RULE: Final = Rule(
    "beacon",
    {"beat_count": BEATS, "beat_mean": MEAN_S, "beacon_score": SCORE, "beacon_gaps": SCORED_GAPS},
    find,
    tell,
    merge_s=MERGE_S,
    ways=(("beat_count", "beat_mean"), ("beacon_score", "beacon_gaps", "beat_mean")),
)
