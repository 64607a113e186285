"""`identity.own_questions`: exactly our questions to the resolver, about when they are asked."""

from __future__ import annotations

import socket

import pytest

from tests.helpers.crafted import START_NS
from tests.helpers.named import CLIENT, RESOLVER, answer, batch_of, over_ip
from trafficdesk.identity import own_questions, own_traffic, reverse
from trafficdesk.identity.own_questions import LINGER_NS, MOST, MOST_ROWS, OwnQuestions
from trafficdesk.identity.own_traffic import OwnTraffic
from trafficdesk.identity.reverse import resolver_name

from scapy.layers.dns import DNS, DNSQR  # isort: skip  # `named` has told scapy to be quiet
from scapy.layers.inet import UDP  # isort: skip

NAME = "smtp.example.com"
SECOND = 1_000_000_000


class Clock:
    """Nanoseconds that pass when told."""

    def __init__(self) -> None:
        self.now = START_NS

    def __call__(self) -> int:
        return self.now


def question(name: str = NAME, kind: str = "A", port: int = 53) -> bytes:
    """What a resolver asks."""
    message = DNS(rd=1, qd=DNSQR(qname=name, qtype=kind))
    return over_ip(CLIENT, RESOLVER, UDP(sport=40_000, dport=port) / message)


def test_both_ways_of_a_question_and_nothing_else() -> None:
    """Addresses of this name in any case: ours; below it, beside it, of other types, elsewhere: somebody's."""
    ours = OwnQuestions(Clock())
    mine = [question(), question("SMTP.Example.COM."), question(kind="AAAA"), answer(NAME, (NAME, CLIENT))]
    others = [
        question(f"secrets.{NAME}"),
        question("smtp.example.con"),
        question(kind="TXT"),
        question(port=5_300),
        question("example.com"),
    ]
    batch = batch_of(*others, *mine)
    assert not len(ours.rows(batch))
    with ours.asking(NAME):
        assert ours.rows(batch).tolist() == list(range(len(others), len(others) + len(mine)))


def test_they_are_ours_for_a_moment() -> None:
    """Before it is asked, and when late answers have come, the same question is somebody else's."""
    clock = Clock()
    ours = OwnQuestions(clock)
    clock.now += 10 * SECOND
    with ours.asking(NAME):
        clock.now += 5 * SECOND
    late = 15 + LINGER_NS / SECOND
    told = [len(ours.rows(batch_of(question(), at_s=at))) for at in (8.0, 10.0, late - 0.1, late + 0.1)]
    assert told == [0, 1, 1, 0]


def test_a_flood_in_its_name_is_not_ours() -> None:
    """Whoever asks for the same name far more often than a resolver needs to is seen."""
    ours = OwnQuestions(Clock())
    with ours.asking(NAME):
        assert len(ours.rows(batch_of(*[question()] * 10 * MOST_ROWS))) == MOST_ROWS


def test_names_of_addresses_are_asked_for_backwards() -> None:
    """Reverse DNS asks for a pointer; a server that is given by its address asks nothing of the name it looks like."""
    ours = OwnQuestions(Clock())
    with ours.asking("203.0.113.80"):
        asked = batch_of(question("80.113.0.203.in-addr.arpa", "PTR"), question("203.0.113.80"))
        assert ours.rows(asked).tolist() == [0]


def test_odd_names_are_survived_and_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no resolver takes is nobody's; the oldest questions leave first."""
    ours = OwnQuestions(Clock())
    for name in ("", ".", "a" * 300, "two..dots.example", "\ud800.example"):
        with ours.asking(name):
            assert not len(ours.rows(batch_of(question())))
    for number in range(2 * MOST):
        with ours.asking(f"{number}.example.com"):
            pass
    assert len(ours._known) == MOST
    with ours.asking("bücher.example"):
        assert len(ours.rows(batch_of(question("xn--bcher-kva.example")))) == 1


def test_whoever_connects_and_who_looks_backwards_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The questions of our connections and of reverse DNS are known, found or not."""
    ours = OwnQuestions(Clock())
    for module in (own_questions, own_traffic, reverse):
        monkeypatch.setattr(module, "OWN_QUESTIONS", ours)

    def nowhere(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.setattr(socket, "gethostbyaddr", nowhere)
    traffic, asked = OwnTraffic(), batch_of(question(), question("80.113.0.203.in-addr.arpa", "PTR"))
    assert not len(traffic.mine(asked))
    with pytest.raises(OSError, match="not known"):
        traffic.connect((NAME, 25), 1.0)
    assert resolver_name("203.0.113.80") == ""
    assert traffic.mine(asked).tolist() == [0, 1]
