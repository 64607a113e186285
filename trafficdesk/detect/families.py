"""Families of findings: what each is called, what it means, and how grave it is by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from trafficdesk.registry import by_name


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of finding."""

    name: str
    """Stable name, as in CSV, JSON and filters."""
    title: str
    """Heading for a person."""
    words: str
    """What it means, and what harmless thing may look the same."""
    gravity: int
    """Severity of its smallest incident, 0 to 100."""


FAMILIES: Final = (
    Family("none", "", "", 0),
    Family(
        "port scan",
        "Port scan",
        "One computer tries many ports of another, and most do not answer. Administrators' inventory tools do the same.",
        50,
    ),
    Family(
        "host sweep",
        "Host sweep",
        "One computer asks for the same service on many others, and most do not answer. Worms spread like this; "
        "monitoring tools look alike.",
        50,
    ),
    Family(
        "arp sweep",
        "ARP sweep",
        "One computer asks for many addresses of the local network within seconds: it looks for neighbours. Network "
        "scanners on phones do this, too.",
        35,
    ),
    Family(
        "flood",
        "Flood",
        "Far more senders or unanswered attempts within seconds than any service sees: an attempt to overwhelm a host.",
        65,
    ),
    Family(
        "brute force",
        "Brute force",
        "Login after login at the same service. A program with an outdated password looks the same.",
        60,
    ),
    Family(
        "arp spoof",
        "ARP conflict",
        "Two devices claim the same address. Either one listens in on the other's traffic, or an address was given "
        "twice by mistake.",
        65,
    ),
    Family(
        "dns tunnel",
        "DNS tunnel",
        "Long, ever different names are looked up: data may be leaving inside DNS queries. Some content networks and "
        "virus scanners use such names.",
        65,
    ),
    Family(
        "dga",
        "Generated names",
        "Many looked-up names do not exist and look like chance. Malware generates names to find its master; some browsers "
        "test a new network with a few such names.",
        55,
    ),
    Family(
        "nxdomain",
        "Names that do not exist",
        "Many looked-up names do not exist. Malware guesses names to find its master; a mistyped search domain looks alike.",
        40,
    ),
    Family(
        "icmp tunnel",
        "ICMP tunnel",
        "Many large pings: data may be leaving inside ICMP. Path diagnosis with large pings looks the same.",
        55,
    ),
    Family(
        "beacon",
        "Beacon",
        "A program calls the same outside address as regularly as a clock, as malware does to fetch orders. Update and "
        "status checks are regular, too.",
        35,
    ),
    Family(
        "upload burst",
        "Upload burst",
        "Much data leaves for one outside address, and little comes back. A backup or a file that you send looks the same.",
        50,
    ),
    Family(
        "exfiltration",
        "Exfiltration",
        "One computer sends far more to the outside than it used to. A first backup or a large upload looks the same.",
        55,
    ),
    Family(
        "new service",
        "New service",
        "A known device answers on a port it never served before. A new program or a changed setting does this, and so does "
        "a back door.",
        35,
    ),
    Family(
        "new device",
        "New device",
        "A device that this network has never shown. A visitor's phone or one with a changing address looks the same.",
        30,
    ),
    Family(
        "unusual",
        "Unusual traffic",
        "It differs from what this network has shown so far; no rule knows its name.",
        20,
    ),
)
"""Index 0 = none; the others in the order in which a row takes its family."""

FAMILY_INDEX: Final = {name: index for index, name in enumerate(by_name(FAMILIES))}
"""Index of each family's name."""
UNUSUAL: Final = FAMILY_INDEX["unusual"]
