"""`ui.cell_filter`: what "Apply as filter" writes finds the packet it was written for."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QMenu

from tests.helpers.traffic import detection_of, session_with
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.identities import Certainty, Host, NameSource, Program
from trafficdesk.ui.cell_filter import combined, filter_for_cell, filter_for_range
from trafficdesk.ui.filter_menu import add_filter_menu
from trafficdesk.ui.models.packet_page import Column, identity_columns, marks, text_columns

ROWS = 60


@pytest.mark.parametrize(
    "column",
    [column for column in Column if column not in {Column.TIME, Column.INFO, Column.COUNTRY, Column.SYSTEM}],
)
def test_the_filter_finds_its_own_packet(column: Column) -> None:
    """For every packet and column: the expression compiles, and lets the packet through."""
    session = session_with(ROWS)
    session.apply(detection_of(0, ROWS, unusual=(3,), family=(5,), incident=2))
    identities = session.log.identities
    programs = [Program("fire fox", 7, Certainty.SEEN), Program(certainty=Certainty.NOT_PERMITTED)]
    for packet_id, program in enumerate(programs):
        session.log.update_analysis(
            "program", np.array([packet_id]), np.array([identities.programs.number(program)])
        )
    host = identities.hosts.number(Host('a"b\\x00.example', NameSource.DNS))
    session.log.update_analysis("host", np.array([1]), np.array([host]))
    ids = session.log.select(compile_filter("").mask)
    texts = text_columns(session.log, ids)
    said = marks(session.log, ids, ("Unusual", "Port scan"), lambda _incident: 0)
    texts += [[mark.word for mark in said], [mark.score_text for mark in said]]
    texts += identity_columns(session.log, ids)
    session.notes.read(0, {1: ('the "printer"', "again"), 2: ("several\nlines",)})
    session.log.update_analysis("mark", ids, session.notes.flags(ids))
    texts.append([session.notes.comment(packet_id) for packet_id in range(ROWS)])
    for packet_id in range(ROWS):
        text = texts[column][packet_id]
        expression = filter_for_cell(session.log, packet_id, column, text)
        assert bool(expression) == bool(text)
        if expression:
            chosen = compile_filter(expression, identities=identities)
            assert packet_id in session.log.select(chosen.mask)


def test_times_and_infos_find_their_packets() -> None:
    """A time is asked for to the nanosecond; of an info the application's text, where there is one."""
    session = session_with(ROWS)
    log = session.log
    named = 0
    for packet_id in range(ROWS):
        expression = filter_for_cell(log, packet_id, Column.TIME, "12:00:00.000000")
        assert log.select(compile_filter(expression).mask).tolist() == [packet_id]
        text = log.take(np.array([packet_id])).text_of(0)
        expression = filter_for_cell(log, packet_id, Column.INFO, "x")
        assert bool(expression) == bool(text)
        if expression:
            named += 1
            assert packet_id in log.select(compile_filter(expression).mask)
    assert named > 3


PRESENT = "tcp || udp"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Selected", "arp"),
        ("Not selected", "!(arp)"),
        ("… and selected", "(tcp || udp) && (arp)"),
        ("… or selected", "(tcp || udp) || (arp)"),
        ("… and not selected", "(tcp || udp) && (!(arp))"),
        ("… or not selected", "(tcp || udp) || (!(arp))"),
    ],
)
def test_a_value_is_applied_in_six_ways(qapp: QApplication, words: str, expected: str) -> None:
    """Alone or not, joined to what is applied by and or or, each time an expression that is understood."""
    assert qapp
    menu = QMenu()
    submenu = add_filter_menu(menu, "arp", PRESENT, lambda: None)
    actions = {action.text(): action.data() for action in submenu.actions()}
    assert actions[words] == expected
    compile_filter(expected)
    alone = add_filter_menu(menu, "arp", " ", lambda: None)
    assert [action.text() for action in alone.actions()][1:] == ["Selected", "Not selected"]


def test_filters_combine() -> None:
    """What was there stays one operand; nothing there leaves the new one alone."""
    assert combined("  ", "&&", "dns") == "dns"
    assert combined("tcp || udp", "&&", "dns") == "(tcp || udp) && (dns)"


def test_a_range_holds_its_start_and_not_its_end() -> None:
    """Nanoseconds survive."""
    session = session_with(10)
    first = int(session.log.column("timestamp_ns", session.log.select(compile_filter("").mask))[0])
    found = session.log.select(compile_filter(filter_for_range(first + 2, first + 5)).mask)
    assert found.tolist() == [2, 3, 4]


def test_interfaces_are_filtered_by_name_or_number() -> None:
    """By the name as it is, however it is shown; one without a name by its number."""
    from dataclasses import replace

    session = session_with(3)
    batch = replace(session.log.slice(0, 3), interfaces=("eth0", 'w"lan\n0', ""))
    columns = {**batch.columns, "interface": np.array([0, 1, 2], np.uint16)}
    session.begin()
    session.ingest(replace(batch, columns=columns))
    texts = identity_columns(session.log, np.arange(3))[Column.INTERFACE - Column.PROGRAM]
    assert texts == ["eth0", 'w"lan\n0', "2"]
    for packet_id in range(3):
        expression = filter_for_cell(session.log, packet_id, Column.INTERFACE, texts[packet_id])
        assert session.log.select(compile_filter(expression).mask).tolist() == [packet_id]


def test_hits_are_filtered_by_their_list() -> None:
    """Whatever the list is called."""
    from trafficdesk.packets.identities import Threat

    session = session_with(2)
    number = session.log.identities.threats.number(Threat('my "own" list', "203.0.113.7", "203.0.113.7", 1))
    session.log.update_analysis("threat", np.array([1]), np.array([number], np.uint16))
    texts = identity_columns(session.log, np.arange(2))[Column.THREAT - Column.PROGRAM]
    assert texts == ["", 'my "own" list']
    assert filter_for_cell(session.log, 0, Column.THREAT, "") == ""
    expression = filter_for_cell(session.log, 1, Column.THREAT, texts[1])
    chosen = compile_filter(expression, (), session.log.identities)
    assert session.log.select(chosen.mask).tolist() == [1]
