"""Host sweep: one port on many hosts, or pings to many hosts (Zeek: 25 hosts in 5 min)."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

HOSTS: Final = 20.0
UNANSWERED: Final = 12.0
UNANSWERED_WEB: Final = 30.0
"""A browser opens many connections to ports 80 and 443 and some fail."""
SLOW_HOSTS: Final = 30.0
SLOW_UNANSWERED: Final = 25.0
SLOW_WEB: Final = 100.0
"""Hosts over many minutes: trackers that a filter swallows stay unanswered, too."""
MERGE_S: Final = 600.0
_PINGS: Final = (0, 8, 13, 14, 17, 18, 128, 129)
"""Echo, timestamp, address mask (RFC 792, RFC 950), echo of ICMPv6 (RFC 4443)."""


def find(scene: Scene) -> Sighting:
    """Rows of a host that asks many for one port, or pings many."""
    observation = scene.observation
    rows = observation.rows
    web = np.isin(rows.low_port, (80, 443))
    unanswered = scene.value("unanswered_60s")
    asked = (
        rows.ported
        & ~rows.infrastructure
        & scene.reaches("port_hosts_60s", HOSTS)
        & (unanswered >= np.where(web, UNANSWERED_WEB, UNANSWERED))
    )
    # Hosts that are new by other means, as to a browser, are none that were pinged; those count as if for a port.
    pinged = rows.icmp & np.isin(rows.message_type, _PINGS) & scene.reaches("new_hosts_60s", HOSTS)
    pinged &= scene.reaches("port_hosts_60s", HOSTS)
    side = np.where(
        rows.icmp, observation.at_destination["new_hosts"], observation.at_destination["unanswered"]
    )
    slowly = (
        rows.tcp
        & scene.reaches("slow_hosts", SLOW_HOSTS)
        & (scene.value("slow_hosts_unanswered") >= np.where(web, SLOW_WEB, SLOW_UNANSWERED))
    )
    return Sighting(asked | pinged | slowly, side & ~(slowly & ~asked & ~pinged))


def tell(story: Story) -> str:
    """Who asked how many hosts for which port."""
    if story.values.get("port_hosts_60s", 0.0) >= HOSTS and story.ports:
        measure, what = "port_hosts_60s", f"asked port {story.ports[0]} on"
    elif story.values.get("slow_hosts", 0.0) >= SLOW_HOSTS and story.ports:
        return (
            f"{story.culprit} asked port {story.ports[0]} on {story.about('slow_hosts')} hosts over many minutes, "
            f"{story.whom} among them; {story.about('slow_hosts_unanswered')} did not answer"
        )
    else:
        measure, what = "port_hosts_60s", "pinged"
    return f"{story.culprit} {what} {story.about(measure)} hosts in 60 s, {story.whom} among them; {story.usually(measure)}"


RULE: Final = Rule(
    "host sweep",
    {
        "port_hosts_60s": HOSTS,
        "new_hosts_60s": HOSTS,
        "unanswered_60s": UNANSWERED,
        "slow_hosts": SLOW_HOSTS,
        "slow_hosts_unanswered": SLOW_UNANSWERED,
    },
    find,
    tell,
    merge_s=MERGE_S,
    after_gap=3.0,
    ways=(
        ("port_hosts_60s", "unanswered_60s"),
        ("port_hosts_60s", "new_hosts_60s"),
        ("slow_hosts", "slow_hosts_unanswered"),
    ),
)
