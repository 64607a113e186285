"""Display filter fields of programs and names."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.named import CLIENT, SERVER, answer, batch_of, client_hello, tcp
from trafficdesk.errors import BadDisplayFilter
from trafficdesk.identity import Identity
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.identities import Certainty, Program
from trafficdesk.packets.log import PacketLog


@pytest.fixture(scope="module")
def log() -> PacketLog:
    log = PacketLog()
    identity = Identity(log.identities)
    log.append(
        identity.identify(
            batch_of(
                answer("www.github.com", ("www.github.com", SERVER)),
                tcp(CLIENT, SERVER),
                tcp(CLIENT, "203.0.113.9", payload=client_hello("api.github.com"), flags="PA"),
                tcp(CLIENT, "203.0.113.7"),
            )
        )
    )
    programs = [
        Program(),
        Program("firefox", 7, Certainty.SEEN),
        Program("Git Hub", 8, Certainty.GUESSED),
        Program(certainty=Certainty.NOT_PERMITTED),
    ]
    numbers = np.array([log.identities.programs.number(program) for program in programs], np.uint16)
    log.update_analysis("program", np.arange(4), numbers)
    return log


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ('td.program == "firefox"', [1]),
        ('td.program == "Firefox"', []),
        ('td.program matches "^FIRE"', [1]),
        ('td.program contains "Hub"', [2]),
        ('td.program != "firefox"', [2]),
        ("td.program", [1, 2]),
        ("!td.program", [0, 3]),
        ('td.program in {"firefox", "Git Hub"}', [1, 2]),
        ('td.program.source == "seen"', [1]),
        ('td.program.source == "not permitted"', [3]),
        ('td.program.source != "guessed"', [1, 3]),
        ('td.host == "www.github.com"', [1]),
        ('td.host contains "github"', [1, 2]),
        ("td.host", [1, 2]),
        ('td.host.source == "TLS SNI"', [2]),
        ('td.host.source == "DNS answer" && tcp', [1]),
        ("td.country", []),
        ("td.asn == 64500", []),
    ],
)
def test_rows_are_chosen(log: PacketLog, expression: str, rows: list[int]) -> None:
    """By program and name; a row that has none is chosen by no comparison."""
    assert log.select(compile_filter(expression, identities=log.identities).mask).tolist() == rows


def test_new_texts_are_tested_too(log: PacketLog) -> None:
    """A compiled filter goes on with what it learns later, and forgets with the capture."""
    own = PacketLog()
    identity = Identity(own.identities)
    chosen = compile_filter('td.host contains "example"', identities=own.identities)
    for number in range(3):
        own.append(
            identity.identify(
                batch_of(
                    tcp(CLIENT, f"203.0.113.{number}", payload=client_hello(f"{number}.example"), flags="PA"),
                    first_id=number,
                )
            )
        )
        assert len(own.select(chosen.mask)) == number + 1
    own.clear()
    identity = Identity(own.identities)
    own.append(identity.identify(batch_of(tcp(CLIENT, SERVER, payload=client_hello("other"), flags="PA"))))
    assert len(own.select(chosen.mask)) == 0


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ('td.host.source == "TLS"', "Did you mean TLS SNI?"),
        ('td.program.source == "sen"', "Did you mean seen?"),
        ("len(td.host) > 3", "lower, upper and len"),
        ('td.program > "a"', "takes text in quotes"),
    ],
)
def test_what_cannot_be_asked_is_said(expression: str, hint: str) -> None:
    """In words, with what is meant."""
    with pytest.raises(BadDisplayFilter) as refused:
        compile_filter(expression)
    assert hint in refused.value.hint


def test_without_identities_nothing_is_chosen(log: PacketLog) -> None:
    """Rows of a file read without them have neither program nor host."""
    assert not len(log.select(compile_filter("td.host").mask))
