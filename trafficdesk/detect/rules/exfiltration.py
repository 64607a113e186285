"""Exfiltration: a host sends far more to the outside than it ever did, to one peer or to many.

An upload burst is much within a minute for anybody; this is much for this host, over ten minutes. Without half an
hour of the host's own past nothing is told (Slips: 500 MB in an hour for everybody).
"""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

BYTES: Final = 50e6
TIMES_USUAL: Final = 20.0


def find(scene: Scene) -> Sighting:
    """Rows that carry it."""
    held = scene.reaches("outflow_600s", BYTES) & scene.reaches("outflow_growth", TIMES_USUAL)
    return Sighting(held, np.zeros(len(held), np.bool_))


def tell(story: Story) -> str:
    """Who sent how much, against its own past."""
    return (
        f"{story.culprit} sent {story.about('outflow_600s')} to the outside in 10 min, {story.whom} among the receivers: "
        f"{story.about('outflow_growth')} what is usual for it"
    )


RULE: Final = Rule(
    "exfiltration",
    {"outflow_600s": BYTES, "outflow_growth": TIMES_USUAL},
    find,
    tell,
    merge_s=600.0,
    yields_to=("upload burst",),
)
