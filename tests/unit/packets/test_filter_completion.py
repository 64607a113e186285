from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.display_filter import FIELD_NAMES, compile_filter
from trafficdesk.packets.filter_choices import NOTHING_KNOWN, Known, values_for
from trafficdesk.packets.filter_completion import complete
from trafficdesk.packets.filter_fields import BY_NAME
from trafficdesk.packets.filter_rows import Kind
from trafficdesk.packets.identities import Certainty, Identities, Program


def offered(expression: str, known: Known = NOTHING_KNOWN) -> list[str]:
    """What is offered where `|` stands, as whole expressions."""
    cursor = expression.index("|")
    text = expression.replace("|", "", 1)
    offer = complete(text, cursor, known)
    return [text[: offer.start] + choice.text + text[offer.stop :] for choice in offer.choices]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("tcp.po|", "tcp.port"),
        ("TCP.PO|", "tcp.port"),
        ("ip and udp.dst|", "ip and udp.dstport"),
        ("!(dns.q|", "!(dns.qry.name"),
        ("dns && tcp.fl| && ip", "dns && tcp.flags && ip"),
        ("tc|p.pott == 80", "tcp.port == 80"),
        ("sni|", "tls.handshake.extensions_server_name"),
        ("tcp.port |", "tcp.port =="),
        ("dns.qry.name con|", "dns.qry.name contains"),
        ("tcp.port in |", "tcp.port in {"),
        ("tcp.port in {80, 44|}", "tcp.port in {80, 443}"),
        ("tcp.flags.syn == |", "tcp.flags.syn == 1"),
        ("dns.qry.type == AAA|", "dns.qry.type == 28"),
        ('_ws.col.protocol == "md|', '_ws.col.protocol == "mDNS"'),
        ("_ws.col.protocol == md|", '_ws.col.protocol == "mDNS"'),
        ("tcp |", "tcp &&"),
        ("tcp.port == 80 a|", "tcp.port == 80 and"),
        ("lower(dns|", "lower(dns.qry.name"),
        ("lower(dns.qry.name) |", "lower(dns.qry.name) contains"),
        ('td.family == "|', 'td.family == "port scan"'),
        ("frame.interface_name == |", 'frame.interface_name == "eth0"'),
    ],
)
def test_offers_what_fits(expression: str, wanted: str) -> None:
    """Names where a condition begins, comparisons behind a field, its values behind a comparison."""
    assert wanted in offered(expression, Known(("none", "port scan"), None, ("eth0",)))


@pytest.mark.parametrize(
    ("expression", "unwanted"),
    [("tcp |", "tcp =="), ("tcp.port |", "tcp.port contains"), ("lower(tc|", "lower(tcp.port"), ("tcp.port == 80 |", "tcp.port == 80 <")],
)  # fmt: skip
def test_offers_nothing_that_can_not_follow(expression: str, unwanted: str) -> None:
    """A protocol is compared with nothing, a number is not searched, a function takes text."""
    assert unwanted not in offered(expression)


def test_names_that_begin_so_come_first() -> None:
    """Then those that have it in them, then those whose meaning has."""
    names = offered("dns|")
    assert names[0] == "dns"
    assert names.index("dns.qry.type") < names.index("mdns") < names.index("td.host.source")


def test_a_finished_word_asks_for_nothing() -> None:
    """No list for what is written already, none behind a value, none for an empty line."""
    assert not complete("tcp.len", 7).eager
    assert not complete("tcp.port == 80 ", 15).eager
    assert not complete("", 0).eager
    assert complete("", 0).choices


def test_names_of_the_capture_are_offered() -> None:
    """Programs seen are offered by name, quoted as the filter needs them."""
    identities = Identities()
    identities.programs.number(Program('my "app"', 1, Certainty.SEEN))
    found = offered("td.program == my|", Known((), identities))
    assert found == ['td.program == "my \\"app\\""']
    compile_filter(found[0], identities=identities)


@pytest.mark.parametrize("name", FIELD_NAMES)
def test_every_value_offered_is_understood(name: str) -> None:
    """What completion writes compiles."""
    families = ("none", "port scan")
    known = Known(families, Identities(), ("eth0",))
    if BY_NAME[name].kind is not Kind.PROTOCOL:
        for choice in values_for(BY_NAME[name], known):
            compile_filter(f"{name} == {choice.text}", families)
    for choice in complete(f"{name} ", len(name) + 1, known).choices:
        with pytest.raises(BadDisplayFilter, match=r"too early|expected"):
            compile_filter(f"{name} {choice.text}", families)


@given(
    st.text(st.sampled_from('tcp.port=80!&|()"\\ {}<>~in.,and fe80:1/8[]'), max_size=40), st.integers(0, 40)
)
def test_any_text_can_be_completed(expression: str, cursor: int) -> None:
    """Whatever stands there, the part to be replaced lies in it and reaches the cursor."""
    cursor = min(cursor, len(expression))
    offer = complete(expression, cursor)
    assert 0 <= offer.start <= cursor <= offer.stop <= len(expression)
