"""Flood: many new senders at one host, or many unanswered attempts or pings, within seconds."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

SENDERS: Final = 60.0
UNANSWERED: Final = 200.0
PINGS: Final = 200.0
_ECHO: Final = (0, 8, 128, 129)
"""Unreachable messages are the victim's answers to a scan, and no flood."""


def find(scene: Scene) -> Sighting:
    """Rows of the flooded host; its culprit is the flooder, or where senders are forged, the flooded host itself."""
    observation = scene.observation
    rows = observation.rows
    senders = rows.ip & scene.reaches("new_senders_5s", SENDERS)
    unanswered = rows.ported & scene.reaches("unanswered_5s", UNANSWERED)
    pings = rows.icmp & np.isin(rows.message_type, _ECHO) & scene.reaches("icmp_out_5s", PINGS)
    side = np.where(
        senders,
        observation.at_destination["new_senders"],
        np.where(pings, observation.at_destination["icmp_out"], observation.at_destination["unanswered"]),
    )
    return Sighting(senders | unanswered | pings, side)


def tell(story: Story) -> str:
    """How many senders hit whom, or who flooded whom."""
    values = story.values
    if values.get("new_senders_5s", 0.0) >= SENDERS:
        return (
            f"{story.about('new_senders_5s')} new senders at {story.culprit} in 5 s; {story.usually('new_senders_5s')}; "
            f"their addresses may be forged"
        ).capitalize()
    measure = "icmp_out_5s" if values.get("icmp_out_5s", 0.0) >= PINGS else "unanswered_5s"
    what = "pings" if measure == "icmp_out_5s" else "attempts that were not answered"
    return f"{story.culprit} sent {story.whom} {story.about(measure)} {what} in 5 s; {story.usually(measure)}"


RULE: Final = Rule(
    "flood",
    {"new_senders_5s": SENDERS, "unanswered_5s": UNANSWERED, "icmp_out_5s": PINGS},
    find,
    tell,
    after_gap=3.0,
    any_of=("new_senders_5s", "unanswered_5s", "icmp_out_5s"),
    yields_to=("port scan", "host sweep"),
)
