"""Flood: many new senders at one host, or many unanswered attempts or pings, within seconds."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.icmp_tunnel import MISMATCHED
from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

SENDERS: Final = 60.0
UNANSWERED: Final = 200.0
PINGS: Final = 200.0
REFLECTORS: Final = 40.0
"""Senders of answers nobody asked for, in a minute: no program of ours causes any."""
REPEATED: Final = 20.0
"""Such answers repeated, since they are not confirmed: one broken connection causes six in a minute."""
_ECHO: Final = (0, 8, 128, 129)
"""Unreachable messages are the victim's answers to a scan, and no flood."""


def find(scene: Scene) -> Sighting:
    """Rows of the flooded host; its culprit is the flooder, or where senders are forged, the flooded host itself."""
    observation = scene.observation
    rows = observation.rows
    senders = rows.ip & scene.reaches("new_senders_5s", SENDERS)
    unanswered = rows.ported & scene.reaches("unanswered_5s", UNANSWERED)
    pings = rows.icmp & np.isin(rows.message_type, _ECHO) & scene.reaches("icmp_out_5s", PINGS)
    reflected = scene.reaches("unasked_senders_60s", REFLECTORS) | scene.reaches(
        "unasked_again_60s", REPEATED
    )
    # Rows of the tunnel's rule: answers that differ from what was asked are no flood's.
    pings &= ~scene.reaches("echo_mismatched_60s", MISMATCHED)
    side = np.where(
        senders | reflected,
        observation.at_destination["new_senders"] | reflected,
        np.where(pings, observation.at_destination["icmp_out"], observation.at_destination["unanswered"]),
    )
    return Sighting(senders | unanswered | pings | reflected, side)


def tell(story: Story) -> str:
    """How many senders hit whom, or who flooded whom."""
    values = story.values
    if values.get("new_senders_5s", 0.0) >= SENDERS:
        return (
            f"{story.about('new_senders_5s')} new senders at {story.culprit} in 5 s; {story.usually('new_senders_5s')}; "
            f"their addresses may be forged"
        ).capitalize()
    if values.get("unasked_senders_60s", 0.0) >= REFLECTORS:
        return (
            f"{story.about('unasked_senders_60s')} hosts answered {story.culprit} in 60 s, which never asked them: somebody "
            f"forges its address, or sends the answers on purpose"
        ).capitalize()
    if values.get("unasked_again_60s", 0.0) >= REPEATED:
        return (
            f"{story.culprit} is sent the same answers again and again that it never asked for, "
            f"{story.about('unasked_again_60s')} in 60 s: somebody forges its address"
        )
    measure = "icmp_out_5s" if values.get("icmp_out_5s", 0.0) >= PINGS else "unanswered_5s"
    what = "pings" if measure == "icmp_out_5s" else "attempts that were not answered"
    return f"{story.culprit} sent {story.whom} {story.about(measure)} {what} in 5 s; {story.usually(measure)}"


RULE: Final = Rule(
    "flood",
    {
        "new_senders_5s": SENDERS,
        "unanswered_5s": UNANSWERED,
        "icmp_out_5s": PINGS,
        "unasked_senders_60s": REFLECTORS,
        "unasked_again_60s": REPEATED,
    },
    find,
    tell,
    after_gap=3.0,
    ways=(
        ("new_senders_5s",),
        ("unanswered_5s",),
        ("icmp_out_5s",),
        ("unasked_senders_60s",),
        ("unasked_again_60s",),
    ),
    yields_to=("port scan", "host sweep"),
)
