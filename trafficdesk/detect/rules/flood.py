"""Flood: many new senders at one host, or many attempts or pings, within seconds, that nobody answers or uses."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.icmp_tunnel import MISMATCHED
from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

SENDERS: Final = 60.0
UNANSWERED: Final = 200.0
PINGS: Final = 200.0
UNUSED: Final = 200.0
"""Connections that are answered, and in which nothing is said then."""
WORDS: Final = 5.0
"""Packets: the three of a handshake, a question and its answer (RFC 9293, section 3.5)."""
AIMED: Final = 0.1
"""Share of a floor that must be between the row's own two hosts."""
_ASKED: Final = 0.25
"""Of a pair's pings; where fewer are requests, the answers are the flood."""
_NEARLY: Final = 0.999
"""Damped sums are real numbers."""
REFLECTORS: Final = 40.0
"""Senders of answers nobody asked for, in a minute: no program of ours causes any."""
REPEATED: Final = 20.0
"""Such answers repeated, since they are not confirmed: one broken connection causes six in a minute."""
_REPLY: Final = (0, 129)
_ECHO: Final = (0, 8, 128, 129)
"""Unreachable messages are the victim's answers to a scan, and no flood."""


def find(scene: Scene) -> Sighting:
    """Rows of the flooded host; its culprit is the flooder, or where senders are forged, the flooded host itself."""
    observation = scene.observation
    rows = observation.rows
    senders = rows.ip & scene.reaches("new_senders_5s", SENDERS)
    between = observation.at_pair
    # The flooder's traffic with others shows its counters, too, and a flooded host's answers are pings it sent.
    unanswered = rows.ported & (between["unanswered"] >= UNANSWERED * AIMED)
    unanswered &= scene.reaches("unanswered_5s", UNANSWERED)
    pings = rows.icmp & np.isin(rows.message_type, _ECHO) & (between["pings"] >= PINGS * AIMED)
    pings &= scene.reaches("icmp_out_5s", PINGS)
    reflected = scene.reaches("unasked_senders_60s", REFLECTORS) | scene.reaches(
        "unasked_again_60s", REPEATED
    )
    # Rows of the tunnel's rule: answers that differ from what was asked are no flood's.
    pings &= ~scene.reaches("echo_mismatched_60s", MISMATCHED)
    unused = rows.tcp & ~rows.has_payload & scene.reaches("service_connections_5s", UNUSED)
    unused &= scene.value("service_packets_5s") < WORDS * scene.value("service_connections_5s")
    at_destination = observation.at_destination
    side = np.select(
        [reflected, senders, pings, unanswered],
        [
            reflected,
            at_destination["new_senders"],
            np.isin(rows.message_type, _REPLY) & (between["ping_requests"] >= _ASKED * between["pings"]),
            at_destination["unanswered"],
        ],
        rows.source_port < rows.destination_port,
    )
    return Sighting(senders | unanswered | pings | reflected | unused, side)


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
    if max(values.get("icmp_out_5s", 0.0) / PINGS, values.get("unanswered_5s", 0.0) / UNANSWERED) < _NEARLY:
        port = f" port {story.ports[0]}" if story.ports else ""
        return (
            f"{story.culprit} opened {story.about('service_connections_5s')} connections to{port} of {story.whom} in 5 s, "
            f"and said nothing in them; {story.usually('service_connections_5s')}"
        )
    measure = "icmp_out_5s" if values.get("icmp_out_5s", 0.0) >= PINGS * _NEARLY else "unanswered_5s"
    what = "pings" if measure == "icmp_out_5s" else "attempts that were not answered"
    return f"{story.culprit} sent {story.whom} {story.about(measure)} {what} in 5 s; {story.usually(measure)}"


RULE: Final = Rule(
    "flood",
    {
        "new_senders_5s": SENDERS,
        "unanswered_5s": UNANSWERED,
        "icmp_out_5s": PINGS,
        "service_connections_5s": UNUSED,
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
        ("service_connections_5s",),
        ("unasked_senders_60s",),
        ("unasked_again_60s",),
    ),
    yields_to=("port scan", "host sweep"),
)
