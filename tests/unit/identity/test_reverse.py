"""`identity.reverse`: asks once, outside only, and stops."""

from __future__ import annotations

import queue
import threading

from trafficdesk.identity.reverse import THREADS, ReverseLookup, resolver_name
from trafficdesk.packets.address import pack_address
from trafficdesk.session import AnalysisSession


def test_public_addresses_are_asked_for_once() -> None:
    """Private ones never leave this computer."""
    asked: queue.Queue[str] = queue.Queue()
    told: queue.Queue[tuple[bytes, str]] = queue.Queue()

    def resolve(address: str) -> str:
        asked.put(address)
        return f"name-of-{address}"

    lookup = ReverseLookup(lambda address, name: told.put((address, name)), resolve)
    for text in ("192.168.1.1", "10.0.0.1", "fe80::1", "127.0.0.1", "198.51.100.1", "198.51.100.1"):
        lookup.ask(pack_address(text))
    assert told.get(timeout=60) == (pack_address("198.51.100.1"), "name-of-198.51.100.1")
    lookup.close()
    assert asked.get() == "198.51.100.1"
    assert asked.empty()


def test_the_resolver_is_not_asked_unless_allowed() -> None:
    """It is off by default, can be switched on in between, and off again."""
    session = AnalysisSession(200_000)
    session.begin()
    assert session.identifier.identity.reverse is None
    session.set_reverse_dns(True)
    assert session.identifier.identity.reverse is not None
    session.begin()
    assert session.identifier.identity.reverse is not None, "a person's choice outlives a capture"
    session.set_reverse_dns(False)
    assert session.identifier.identity.reverse is None
    session.identifier.close()


def test_what_waits_is_bounded() -> None:
    """A flood of addresses fills no memory, and a slow resolver is given up."""
    gate = threading.Event()

    def resolve(_address: str) -> str:
        gate.wait(60)
        return "late.example"

    told: list[str] = []
    lookup = ReverseLookup(lambda _address, name: told.append(name), resolve)
    for number in range(3_000):
        lookup.ask(pack_address(f"198.51.{number >> 8}.{number & 255}"))
    assert lookup._waiting.qsize() <= 1_000
    assert len(lookup._asked) <= 1_000 + 2 * THREADS
    lookup.close()
    gate.set()


def test_an_address_without_a_name_has_none() -> None:
    """The system's resolver says so, or cannot be reached: both are no name."""
    assert resolver_name("no address") == ""
