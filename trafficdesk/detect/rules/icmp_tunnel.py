"""ICMP tunnel: many large pings; ping itself sends 98 bytes (Linux, macOS) or 74 (Windows) on the wire."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

ECHOES: Final = 8.0
LARGE: Final = 200
"""Bytes on the wire."""
_ECHO: Final = (0, 8, 128, 129)
_REPLY: Final = (0, 129)


def find(scene: Scene) -> Sighting:
    """Large echo rows of hosts that exchange many."""
    rows = scene.observation.rows
    held = (
        rows.icmp
        & np.isin(rows.message_type, _ECHO)
        & (rows.length > LARGE)
        & scene.reaches("icmp_out_60s", ECHOES)
    )
    return Sighting(held, np.isin(rows.message_type, _REPLY))


def tell(story: Story) -> str:
    """Who sends large pings to whom."""
    return (
        f"{story.culprit} sent {story.whom} {story.about('icmp_out_60s')} pings in 60 s, up to "
        f"{story.values.get('length', 0.0):,.0f} bytes large; {story.usually('icmp_out_60s')}"
    )


RULE: Final = Rule("icmp tunnel", {"icmp_out_60s": ECHOES, "length": float(LARGE)}, find, tell)
