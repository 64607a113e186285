"""`threats.matching`: rows whose addresses, names or peers are on a list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.named import CLIENT, answer, batch_of, client_hello, tcp
from trafficdesk.packets.identities import Identities, Threat
from trafficdesk.session import AnalysisSession
from trafficdesk.threats import Matching
from trafficdesk.threats import matching as matching_module
from trafficdesk.threats.names import DomainSet
from trafficdesk.threats.threat_list import ThreatList, list_of

BAD = "203.0.113.7"


def hello(name: str, server: str) -> bytes:
    """A packet that asks a server for a name."""
    return tcp(CLIENT, server, (40_000, 443), client_hello(name), "PA")


def a_list(text: str, name: str = "Feodo") -> ThreatList:
    return list_of(text.encode(), name=name, path=Path(f"{name}.txt"), modified_s=1_790_000_000)


def a_session(*texts: str) -> AnalysisSession:
    session = AnalysisSession(200_000)
    session.begin()
    session.log.identities.matching = Matching(
        a_list(text, f"list {number}") for number, text in enumerate(texts)
    )
    return session


def hits(session: AnalysisSession, *frames: bytes) -> list[Threat]:
    """What is known of each row once all that is late has come."""
    first = session.log.end_id
    session.ingest(session.identifier.identify(batch_of(*frames, first_id=first)))
    session.settle()
    ids = np.arange(first, session.log.end_id)
    return [session.log.identities.threats[number] for number in session.log.column("threat", ids).tolist()]


def test_both_directions_and_networks() -> None:
    """An address is met as sender and as receiver; of a network the address that was met is told."""
    session = a_session("203.0.113.0/24")
    out, back, other = hits(
        session,
        tcp(CLIENT, BAD, (40_000, 443)),
        tcp(BAD, CLIENT, (443, 40_000)),
        tcp(CLIENT, "198.51.100.1", (1, 2)),
    )
    assert out == back == Threat("list 0", "203.0.113.0/24", BAD, 1_790_000_000)
    assert other == Threat()


def test_the_first_list_tells() -> None:
    """An address on two lists has one hit."""
    (hit,) = hits(a_session(BAD, f"{BAD}\n198.51.100.1"), tcp(CLIENT, BAD, (40_000, 443)))
    assert hit.list_name == "list 0"


def test_names_in_packets() -> None:
    """A DNS question's and a TLS hello's own name, upper case and beneath the entry."""
    session = a_session("bad.example")
    told, asked, good = hits(
        session,
        answer("x.bad.example", ("x.bad.example", "198.51.100.4")),
        hello("WWW.Bad.Example", "198.51.100.5"),
        hello("notbad.example", "198.51.100.6"),
    )
    assert (told.entry, told.met) == ("bad.example", "x.bad.example")
    assert (asked.entry, asked.met) == ("bad.example", "www.bad.example")
    assert good == Threat()


def test_names_of_peers() -> None:
    """Packets to an address that was named before carry no name; their peer's counts."""
    session = a_session("bad.example")
    _, later = hits(
        session,
        answer("x.bad.example", ("x.bad.example", "198.51.100.4")),
        tcp(CLIENT, "198.51.100.4", (40_000, 443)),
    )
    assert later.met == "x.bad.example"


def test_a_name_that_comes_late() -> None:
    """Rows that were there before their peer was named are told, if they have no hit yet."""
    session = a_session("bad.example")
    (before,) = hits(session, tcp(CLIENT, "198.51.100.4", (40_000, 443)))
    assert before == Threat()
    hits(session, answer("x.bad.example", ("x.bad.example", "198.51.100.4")))
    number = int(session.log.column("threat", np.array([0]))[0])
    assert session.log.identities.threats[number].met == "x.bad.example"


def test_a_flood_from_a_listed_network_hides_no_other_hit(monkeypatch) -> None:
    """Where there is no room to tell hits apart by address they are told by entry, and the list is always told."""
    monkeypatch.setattr(matching_module, "_APART", 5)
    monkeypatch.setattr(matching_module, "MAX_THREATS", 9)
    session = a_session("203.0.113.0/24\n" + "\n".join(f"198.51.100.{last}" for last in range(1, 20)))
    flood = hits(session, *(tcp(f"203.0.113.{last}", CLIENT, (1, 2)) for last in range(1, 60)))
    assert {hit.list_name for hit in flood} == {"list 0"}
    assert all(hit.entry == "203.0.113.0/24" for hit in flood)
    others = hits(session, *(tcp(CLIENT, f"198.51.100.{last}", (1, 2)) for last in range(1, 20)))
    assert {hit.list_name for hit in others} == {"list 0"}
    assert len(session.log.identities.threats) <= 10


def test_another_capture_has_numbers_of_its_own() -> None:
    """Answers that are remembered are of one capture's tables."""
    session = a_session(f"{BAD}\nbad.example")
    hits(session, hello("bad.example", "198.51.100.5"), tcp(CLIENT, BAD, (1, 2)))
    session.begin()
    one, two = hits(session, tcp(CLIENT, BAD, (1, 2)), hello("bad.example", "198.51.100.5"))
    assert (one.met, two.met) == (BAD, "bad.example")


def test_nothing_is_no_work() -> None:
    """Without rows, and without lists."""
    identities = Identities()
    assert len(Matching(()).numbers(batch_of(), np.zeros(0, np.uint32), identities)) == 0


LABELS = st.sampled_from(["a", "b", "c", "example", "com", "x"])
DOMAINS = st.lists(LABELS, min_size=2, max_size=5).map(".".join)


@given(st.lists(DOMAINS, max_size=12), st.lists(DOMAINS, max_size=12))
def test_a_domain_stands_for_all_beneath_it(domains: list[str], names: list[str]) -> None:
    """The longest entry that a name ends in, at a full stop."""
    entries = DomainSet.of([domain.encode() for domain in domains])
    for name, found in zip(names, entries.find([name.encode() for name in names]), strict=True):
        ending = [domain for domain in domains if name == domain or name.endswith(f".{domain}")]
        assert found.decode() == max(ending, key=len, default="")
