"""New service: a known host answers on a port it never served before (data, not the mere acceptance a scan gets)."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

NEW: Final = 1.0


def find(scene: Scene) -> Sighting:
    """The first rows that such a service sends."""
    held = scene.reaches("new_service", NEW)
    return Sighting(held, np.zeros(len(held), np.bool_))


def tell(story: Story) -> str:
    """Who serves what to whom."""
    return f"{story.culprit} serves {story.whom} on a port that it never served before"


RULE: Final = Rule("new service", {"new_service": NEW}, find, tell, rows_needed=2, teaches=True)
