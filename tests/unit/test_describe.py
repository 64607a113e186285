"""`describe`: sentences get the program and the peer's name that the log knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.named import CLIENT, answer, batch_of, client_hello, tcp
from tests.helpers.traffic import detection_of
from trafficdesk.classify.looks import Looks
from trafficdesk.classify.stored import replace_labels
from trafficdesk.export.incidents_csv import write_incidents_csv
from trafficdesk.packets.identities import Certainty, Program
from trafficdesk.session import AnalysisSession

SERVERS = [f"203.0.113.{number}" for number in range(1, 9)]


def a_session(servers: list[str], *, named: bool = True) -> AnalysisSession:
    """One packet to each server, which was named before."""
    session = AnalysisSession(200_000)
    session.begin()
    told = [answer(f"{one}.example", (f"{one}.example", one)) for one in servers] if named else []
    frames = [tcp(CLIENT, one, (40_000 + number, 443)) for number, one in enumerate(servers)]
    session.ingest(session.identifier.identify(batch_of(*told, *frames)))
    return session


def opened(session: AnalysisSession, peers: tuple[str, ...] = ("203.0.113.1",)) -> str:
    """The sentence of an incident of the last rows."""
    end = session.log.end_id
    rows = tuple(range(end - 4, end))
    session.next_for_analysis()
    detection = detection_of(0, end, family=rows, incident=3)
    incident = replace(detection.incidents[0], peers=peers)
    update = session.apply(replace(detection, incidents=(incident,)))
    assert session.incidents == update.incidents
    return update.incidents[0].sentence


@pytest.fixture
def bare() -> str:
    """What the detector itself says."""
    detection = detection_of(0, 8, family=(1,), incident=3)
    return detection.incidents[0].sentence


def give_program(session: AnalysisSession, program: Program) -> None:
    ids = np.arange(session.log.end_id)
    number = session.log.identities.programs.number(program)
    session.log.update_analysis("program", ids, np.full(len(ids), number, np.uint16))


def test_program_and_peer_come_first(bare: str) -> None:
    """Where most rows agree."""
    session = a_session(["203.0.113.1"] * 8)
    give_program(session, Program("Dropbox", 7, Certainty.SEEN))
    assert opened(session) == f"Dropbox → 203.0.113.1.example: {bare}"


def test_a_guess_is_said_to_be_one(bare: str) -> None:
    """Also without a name of the peer."""
    session = a_session(["203.0.113.1"] * 8, named=False)
    give_program(session, Program("Dropbox", 7, Certainty.GUESSED))
    assert opened(session) == f"Dropbox (guessed): {bare}"


def test_of_many_peers_none_is_named(bare: str) -> None:
    """A scan is of no single host, also where most of its packets went to one."""
    assert opened(a_session(SERVERS), tuple(SERVERS)) == bare
    assert opened(a_session(["203.0.113.1"] * 8), ("203.0.113.1", "203.0.113.2")) == bare


def test_a_name_alone_is_pointed_at(bare: str) -> None:
    """A file has no programs."""
    session = a_session(["203.0.113.1"] * 8)
    assert opened(session) == f"→ 203.0.113.1.example: {bare}"


def test_what_nobody_may_know_is_not_named(bare: str) -> None:
    """Another user's program has no name."""
    session = a_session(["203.0.113.1"] * 8, named=False)
    give_program(session, Program(certainty=Certainty.NOT_PERMITTED))
    assert opened(session) == bare


def test_sentences_go_out_named() -> None:
    """What leaves in a table of incidents has the names, too."""
    from io import BytesIO

    session = a_session(["203.0.113.1"] * 8)
    opened(session)
    out = BytesIO()
    write_incidents_csv(out, session.incidents)
    assert "→ 203.0.113.1.example: " in out.getvalue().decode()


def test_a_row_is_described() -> None:
    """Program and certainty, process, peer and source; nothing where nothing is known."""
    session = AnalysisSession(200_000)
    session.begin()
    hello = tcp(CLIENT, SERVERS[0], payload=client_hello("github.com"), flags="PA")
    session.ingest(session.identifier.identify(batch_of(hello, tcp(CLIENT, SERVERS[1]))))
    number = session.log.identities.programs.number(Program("firefox", 4242, Certainty.SEEN))
    session.log.update_analysis("program", np.array([0]), np.array([number], np.uint16))
    assert session.describer.who(0) == "firefox (seen, pid 4242) → github.com (TLS SNI)"
    assert session.describer.who(1) == ""
    assert session.describer.who(99) == ""
    assert session.describer.sentence(0, "Unusual") == "firefox → github.com: Unusual"
    assert session.describer.sentence(1, "Unusual") == "Unusual"
    assert session.describer.sentence(0, "") == ""


def test_rows_that_left_the_log_are_passed_over() -> None:
    """An incident may claim rows that are no longer here."""
    session = a_session(["203.0.113.1"] * 8)
    detection = replace(
        detection_of(0, 16, family=(9,), incident=3),
        joined_ids=np.array([-5, 2], np.int64),
        joined_incident=np.array([3, 3], np.int32),
    )
    assert session.describer.named(detection).incidents


def test_incidents_say_what_their_rows_look_like() -> None:
    """Of a classifier's labels the one that most rows have; and anew when another classifier was asked."""
    session = a_session(["203.0.113.1"] * 8)
    ids = np.arange(session.log.end_id)
    looks = Looks(ids, np.zeros(len(ids), np.int16), np.full(len(ids), 0.875, np.float32), ("my backup",))
    end = session.log.end_id
    session.next_for_analysis()
    detection = replace(detection_of(0, end, family=tuple(range(end - 4, end)), incident=3), label=looks)
    session.apply(detection)
    assert session.incidents[0].looks_like == "looks like what you called my backup (0.88)"
    assert "looks like what you called my backup (0.88)" in session.describer.who(end - 1)
    replace_labels(session.log, Looks())
    session.findings.replace(session.describer.looked_again(session.incidents))
    assert not session.incidents[0].looks_like
