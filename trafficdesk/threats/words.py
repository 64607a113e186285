"""What is said of a hit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trafficdesk.packets.identities import Threat
    from trafficdesk.settings import ThreatSettings
    from trafficdesk.threats.threat_list import ThreatList

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


def is_old(one: ThreatList, settings: ThreatSettings, now_s: float) -> bool:
    """Whether a list is older than the person wants lists to be."""
    return not one.error and now_s - one.dated_s > settings.stale_days * _DAY_S


def complaints(lists: Iterable[ThreatList], settings: ThreatSettings, now_s: float) -> Iterator[str]:
    """A sentence for each list in use that could not be read, or is old."""
    for one in lists:
        if str(one.path) in settings.off:
            continue
        if one.error:
            yield f"The threat list {one.path} is not used: {one.error}."
        elif is_old(one, settings, now_s):
            yield f"The threat list {one.path} is {age_words(one.dated_s, now_s)}: fetch it anew."
