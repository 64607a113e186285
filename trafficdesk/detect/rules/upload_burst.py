"""Upload burst: much leaves for one outside peer that answers little (Slips: 500 MB; here a minute's worth).

The own baseline may raise the floor, never lower it: a network whose backup uploads 100 MB a minute every day has a
floor of eight times that.
"""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story
from trafficdesk.packets.address import is_local

BYTES: Final = 20e6
TIMES_USUAL: Final = 8.0
_INITIAL_HOP_LIMITS: Final = (64, 128, 255)
"""A hop limit nobody has counted down yet: sent from this very network."""


def find(scene: Scene) -> Sighting:
    """Rows that carry the upload."""
    floor = max(BYTES, TIMES_USUAL * scene.usual_of("upload_60s"))
    held = scene.reaches("upload_60s", floor) & scene.observation.rows.ip & ~scene.observation.rows.multicast
    if held.any():
        # Costly, and needed for few rows only. IPv6 has no private addresses to tell inside from outside.
        batch = scene.batch
        inside = is_local(batch["source"]) | np.isin(batch["ttl"], _INITIAL_HOP_LIMITS)
        held &= inside & ~is_local(batch["destination"])
    return Sighting(held, np.zeros(len(held), np.bool_))


def tell(story: Story) -> str:
    """Who sent how much to whom."""
    return (
        f"{story.culprit} sent {story.about('upload_60s')} to {story.whom} in 60 s, and little came back; "
        f"{story.usually('upload_60s')}"
    )


RULE: Final = Rule("upload burst", {"upload_60s": BYTES}, find, tell)
