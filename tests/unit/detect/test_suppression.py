"""Suppression rules: what they hold for, and at work on a log."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.correcting import analysed, with_incidents
from trafficdesk.detect.corrections import Corrections
from trafficdesk.detect.recall import Recall
from trafficdesk.detect.suppression import Direction, SuppressionRule, behaviour_of
from trafficdesk.errors import SettingsError
from trafficdesk.packets.address import address_texts
from trafficdesk.packets.identities import Certainty, Host, NameSource, Program
from trafficdesk.packets.log import FLAGGED, Verdict

NOTHING = (np.empty(0, np.int64), np.empty(0, np.int32))


@pytest.fixture(scope="module")
def batch():
    """Everyday traffic with incidents."""
    return with_incidents(seed=11).batch()


@pytest.fixture
def session(batch):
    """It, analysed."""
    return analysed(batch)[0]


def suppressed(session, rule):
    """Ids that are suppressed once the rule holds."""
    session.recall.correct(Corrections((rule,), 9), NOTHING)
    return session.recall.suppressed_ids()


def flagged(session):
    return session.log.select(lambda _batch, said: (said["verdict"].astype(np.uint8) & FLAGGED) != 0)


def texts(session, ids, side):
    return set(address_texts(session.log.column(side, ids)))


def test_an_address_and_a_network_hold_for_either_end(session):
    """And with a direction for one of them."""
    scan = next(one for one in session.incidents if one.family == "port scan")
    every = flagged(session)
    mine = suppressed(session, SuppressionRule(1, peer=scan.culprit))
    ends = np.stack([address_texts(session.log.column(side, every)) for side in ("source", "destination")])
    np.testing.assert_array_equal(mine, every[(ends == scan.culprit).any(axis=0)])
    assert len(mine) >= 20
    from_it = suppressed(session, SuppressionRule(1, peer=scan.culprit, direction=Direction.FROM_PEER))
    assert texts(session, from_it, "source") == {scan.culprit}
    network = suppressed(session, SuppressionRule(1, peer="192.168.9.0/24", direction=Direction.TO_PEER))
    assert len(network) > 0
    assert all(text.startswith("192.168.9.") for text in texts(session, network, "destination"))
    assert not len(suppressed(session, SuppressionRule(1, peer="2001:db8::/32")))


def test_family_port_and_reason_join(session):
    """Every part has to hold."""
    sweep = suppressed(session, SuppressionRule(1, family="host sweep"))
    assert len(sweep) > 0
    assert len(suppressed(session, SuppressionRule(1, family="host sweep", port=445))) == len(sweep)
    assert not len(suppressed(session, SuppressionRule(1, family="host sweep", port=446)))
    reason = behaviour_of(int(session.findings.reason_features(sweep)[0, 0]))
    told = suppressed(session, SuppressionRule(1, reason=reason))
    assert set(sweep[:1].tolist()) <= set(told.tolist())
    assert not len(suppressed(session, SuppressionRule(1, family="beacon")))


def test_program_and_name_hold_by_what_is_known_of_a_row(session):
    """Also where it became known after the row was judged."""
    ids = flagged(session)[:30]
    rule = SuppressionRule(1, program="BACKUP", peer="*.example.com")
    assert not len(suppressed(session, rule))
    program = session.log.identities.programs.number(Program("backup", 7, Certainty.SEEN))
    host = session.log.identities.hosts.number(Host("nas.example.com", NameSource.DNS))
    session.log.update_analysis("program", ids, np.full(len(ids), program, np.uint16))
    session.log.update_analysis("host", ids, np.full(len(ids), host, np.uint32))
    session.recall.renamed(int(ids[0]), int(ids[-1]) + 1)
    mine = session.recall.suppressed_ids()
    assert len(mine) > 0
    assert set(mine.tolist()) <= set(ids.tolist())


def test_a_rule_that_is_off_or_has_expired_holds_for_nothing(batch):
    """And one that expires later does until then."""
    session, _ = analysed(batch)
    now = [1_000]
    session.recall = Recall(session.log, session.findings, lambda: now[0])
    assert len(suppressed(session, SuppressionRule(1, family="port scan", expires_ns=1_001))) > 0
    now[0] = 1_001
    assert not len(suppressed(session, SuppressionRule(1, family="port scan", expires_ns=1_001)))
    assert not len(suppressed(session, SuppressionRule(1, family="port scan", on=False)))


def test_it_holds_for_what_comes_and_for_what_came_alike(batch):
    """Rows, counts and incidents are the same whether the rule was there from the start; taken back, nothing is left."""
    rule = SuppressionRule(4, family="port scan")
    plain, _ = analysed(batch)
    before, _ = analysed(batch, corrections=Corrections((rule,), 4))
    after, _ = analysed(batch)
    assert after.recall.preview(Corrections((rule,), 4)) == before.recall.suppressed_rows > 0
    after.recall.correct(Corrections((rule,), 4), NOTHING)
    ids = np.arange(len(batch))
    for name in ("score", "verdict"):
        np.testing.assert_array_equal(before.log.column(name, ids), after.log.column(name, ids))
    assert before.incidents == after.incidents
    assert "port scan" not in {one.family for one in after.incidents}
    assert "port scan" in {one.family for one in after.suppressed_incidents}
    assert before.flagged == after.flagged == plain.flagged - after.recall.suppressed_rows
    after.recall.correct(Corrections((), 4), NOTHING)
    for name in ("score", "verdict"):
        np.testing.assert_array_equal(after.log.column(name, ids), plain.log.column(name, ids))
    assert after.incidents == plain.incidents
    assert after.flagged == plain.flagged


def test_what_is_suppressed_is_still_there_to_be_asked_for(session):
    """Its verdict says so, and it is not highlighted."""
    mine = suppressed(session, SuppressionRule(1, family="port scan"))
    verdict = session.log.column("verdict", mine)
    assert (verdict & np.uint8(Verdict.SUPPRESSED)).all()
    assert not (verdict & FLAGGED).any()


@pytest.mark.parametrize(
    "rule",
    [
        SuppressionRule(1),
        SuppressionRule(1, peer="10.0.0.0/99"),
        SuppressionRule(1, peer="300.1.2.3"),
        SuppressionRule(1, family="no such family"),
        SuppressionRule(1, port=70_000),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule):
    """With a sentence of cause and one of remedy."""
    with pytest.raises(SettingsError) as refused:
        rule.checked()
    assert refused.value.title
    assert refused.value.hint
