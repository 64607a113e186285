"""ICMP tunnel: many large pings, or answers that do not return what was sent.

ping itself sends 98 bytes (Linux, macOS) or 74 (Windows) on the wire, and gets the same back (RFC 792).
"""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

ECHOES: Final = 8.0
MISMATCHED: Final = 5.0
"""Answers of another size than what was asked, in a minute: an honest host sends none."""
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
    held |= rows.icmp & scene.reaches("echo_mismatched_60s", MISMATCHED)
    return Sighting(held, np.isin(rows.message_type, _REPLY))


def tell(story: Story) -> str:
    """Who sends large pings to whom."""
    if story.values.get("echo_mismatched_60s", 0.0) >= MISMATCHED:
        return (
            f"{story.culprit} exchanges pings with {story.whom} whose answers differ from what was sent, "
            f"{story.about('echo_mismatched_60s')} in 60 s; an honest answer returns the question"
        )
    return (
        f"{story.culprit} sent {story.whom} {story.about('icmp_out_60s')} pings in 60 s, up to "
        f"{story.values.get('length', 0.0):,.0f} bytes large; {story.usually('icmp_out_60s')}"
    )


RULE: Final = Rule(
    "icmp tunnel",
    {"icmp_out_60s": ECHOES, "length": float(LARGE), "echo_mismatched_60s": MISMATCHED},
    find,
    tell,
    ways=(("icmp_out_60s", "length"), ("echo_mismatched_60s",)),
)
