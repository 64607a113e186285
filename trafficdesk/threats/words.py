"""What is said of a hit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trafficdesk.packets.identities import Threat

_DAY_S = 86_400


def threat_words(threat: Threat, now_s: float) -> str:
    """The sentence among a row's reasons: "203.0.113.7 is on the list “Feodo” (2 days old)"."""
    what = threat.met or threat.entry or "an address or name"
    within = f"{threat.entry}, " if threat.entry not in {what, ""} else ""
    return f"{what} is on the list “{threat.list_name}” ({within}{age_words(threat.dated_s, now_s)})"


def age_words(dated_s: int, now_s: float) -> str:
    """How old a list is: "2 days old"."""
    days = int(max(now_s - dated_s, 0) // _DAY_S)
    if days == 0:
        return "of today"
    return "1 day old" if days == 1 else f"{days:,} days old"
