"""New device: a link address that this network has never shown, once the network is known (half an hour of watching).

Phones choose new addresses of their own now and then, so this is told softly.
"""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

NEW: Final = 1.0


def find(scene: Scene) -> Sighting:
    """The first rows in which a new device says who it is."""
    held = scene.reaches("new_device", NEW)
    return Sighting(held, np.zeros(len(held), np.bool_))


def tell(story: Story) -> str:
    """Who is new."""
    return f"{story.culprit} is a device that this network has never shown before"


RULE: Final = Rule("new device", {"new_device": NEW}, find, tell, rows_needed=1, teaches=True)
