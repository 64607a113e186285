from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np

from tests.helpers.planted import START_NS, SYN, Traffic
from trafficdesk.detect.budget import MOST_A_DAY, AlertBudget
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.explanation import Reasons
from trafficdesk.detect.families import FAMILY_INDEX, UNUSUAL
from trafficdesk.detect.flagged import flagged_rows
from trafficdesk.detect.incidents import MAX_ACTIVE, Incidents
from trafficdesk.features import FeatureExtractor
from trafficdesk.settings import DetectionSettings

EVERYTHING = partial(AlertBudget, MOST_A_DAY)
SCAN = FAMILY_INDEX["port scan"]
SWEEP = FAMILY_INDEX["arp sweep"]


def flagged(times, source="10.0.0.66", destination="10.0.0.2", first_id=0, score=2.0):
    traffic = Traffic()
    for at in times:
        traffic.tcp(at, source, 50_000, destination, 80, SYN)
    batch = traffic.batch(first_id)
    rows = flagged_rows(
        batch,
        FeatureExtractor().observe(batch),
        np.arange(len(batch)),
        at_destination=np.zeros(len(batch), bool),
        disputed=False,
        score=np.full(len(batch), score, np.float32),
        reasons=Reasons.none(len(batch)),
    )
    # A fresh extractor's clock starts at its first packet.
    return replace(rows, seconds=(rows.timestamps_ns - START_NS) / 1e9)


def test_too_few_rows_open_nothing_and_one_more_does():
    """Four rows wait, the fifth opens the incident and claims them all."""
    incidents = Incidents(EVERYTHING())
    assert incidents.add(SCAN, flagged(range(4)), 1) == []
    assert incidents.changes() == ()
    claims = incidents.add(SCAN, flagged([4], first_id=4), 1)
    assert [claim.ids.tolist() for claim in claims] == [[0, 1, 2, 3, 4]]
    (incident,) = incidents.changes()
    assert (incident.id, incident.culprit, incident.packets) == (1, "10.0.0.66", 5)
    assert incident.peers == ("10.0.0.2",)
    assert incident.start_ns == START_NS
    assert incident.end_ns == START_NS + 4 * 10**9
    assert incidents.changes() == ()


def test_what_is_too_weak_for_the_budget_waits_until_it_is_not():
    """One incident a day: five unusual rows are held back without a number, fifty of them are told with all their rows."""
    budget = AlertBudget(1)
    for seconds in (0.0, 3_600.0):
        budget.watch(seconds)
    incidents = Incidents(budget)
    assert incidents.add(UNUSUAL, flagged(np.arange(5) / 10, score=1.1), 1) == []
    assert incidents.changes() == ()
    claims, at = [], 5
    while not claims:
        assert at < 500
        claims = incidents.add(UNUSUAL, flagged(np.arange(at, at + 5) / 10, first_id=at, score=1.5), 1)
        at += 5
    assert np.concatenate([claim.ids for claim in claims]).tolist() == list(range(at))
    (incident,) = incidents.changes()
    assert (incident.id, incident.packets, incident.announced) == (1, at, 1)
    assert incident.severity >= AlertBudget(1).line
    assert len(incidents.add(UNUSUAL, flagged([at / 10], first_id=at), 1)) == 1


def test_what_was_held_back_teaches_the_budget():
    """An incident that ended untold counts as one that was there."""
    incidents = Incidents(AlertBudget(1))
    incidents.add(UNUSUAL, flagged(np.arange(5) / 10, score=1.1), 1)
    incidents.add(UNUSUAL, flagged([1_000.0], first_id=9, score=1.1), 1)
    assert incidents.budget.state[0].sum() == 1


def test_unusual_rows_must_come_within_half_a_minute():
    """Five in forty seconds are nothing, five in twenty are an incident."""
    far, near = Incidents(EVERYTHING()), Incidents(EVERYTHING())
    for row in range(5):
        assert not far.add(UNUSUAL, flagged([row * 10], first_id=row), 1)
        claims = near.add(UNUSUAL, flagged([row * 5], first_id=row), 1)
    assert len(claims) == 1


def test_gaps_below_two_minutes_merge_and_longer_ones_do_not():
    """After 119 s the incident goes on, after 121 s a new one opens."""
    incidents = Incidents(EVERYTHING())
    incidents.add(SWEEP, flagged(range(5)), 1)
    incidents.add(SWEEP, flagged([4 + 119]), 1)
    assert [incident.id for incident in incidents.changes()] == [1]
    incidents.add(SWEEP, flagged(np.arange(5) + 123 + 121), 1)
    assert [incident.id for incident in incidents.changes()] == [2]


def test_announces_at_the_opening_at_tenfold_growth_and_after_ten_minutes():
    """And not in between, however many rows come; the ten minutes then double."""
    incidents = Incidents(EVERYTHING())
    announced = {}
    steps = {0.0: 5, 1.0: 44, 2.0: 1, 60.0: 100} | {100.0 * step: 1 for step in range(1, 30)}
    for at, rows in steps.items():
        incidents.add(SCAN, flagged([at] * rows), 1)
        announced[at] = incidents.changes()[0].announced
    grew = [at for before, at in pairwise(announced) if announced[at] > announced[before]]
    assert announced[0.0] == 1
    assert grew == [2.0, 700.0, 1_900.0]


def test_the_host_with_most_rows_is_the_culprit():
    """One host that talks oddly to five others is the culprit, whichever end of the rows it is."""
    incidents = Incidents(EVERYTHING())
    rows = [flagged([peer], "10.0.0.2", f"10.0.1.{peer}", first_id=peer) for peer in range(3)]
    rows += [flagged([peer], f"10.0.1.{peer}", "10.0.0.2", first_id=peer) for peer in range(3, 6)]
    claims = incidents.add(UNUSUAL, type(rows[0]).joined(rows), 1)
    assert len(claims) == 1
    (incident,) = incidents.changes()
    assert incident.culprit == "10.0.0.2"
    assert set(incident.peers) == {f"10.0.1.{peer}" for peer in range(6)}


def test_a_hundred_culprits_at_once_stay_bounded():
    """More culprits than a person can read open no more incidents, and cost no more memory."""
    incidents = Incidents(EVERYTHING())
    rows = [flagged([1.0] * 5, f"10.0.{host}.1", first_id=host * 5) for host in range(MAX_ACTIVE + 30)]
    incidents.add(SCAN, type(rows[0]).joined(rows), 1)
    assert len(incidents.changes()) == MAX_ACTIVE


def test_severity_grows_with_margin_and_rows_and_stays_below_a_hundred():
    """Twice the ports is graver, and a monstrous scan is still a number from 0 to 100."""
    severities = []
    for ports in (20, 60, 1_000):
        traffic = Traffic()
        for port in range(ports):
            traffic.tcp(port * 0.02, "10.0.0.66", 50_000, "10.0.0.2", 1 + port, SYN)
        severities.append(Detector(DetectionSettings()).process(traffic.batch()).incidents[0].severity)
    assert severities == sorted(set(severities))
    assert severities[0] > 0
    assert severities[-1] <= 100


def test_odd_rows_around_a_rule_incident_belong_to_it_or_are_collateral():
    """Between culprit and victim they belong, elsewhere they are dimmed, and of strangers they are unusual."""
    incidents = Incidents(EVERYTHING())
    incidents.add(SCAN, flagged(range(5)), 1)
    rows = flagged([6.0])
    rows = type(rows).joined(
        [
            rows,
            flagged([6.1], "10.0.0.2", "10.0.9.9"),
            flagged([6.2], "10.0.0.66", "10.0.9.8"),
            flagged([6.3], "10.0.5.5", "10.0.5.6"),
        ]
    )
    claims, collateral = incidents.explained(rows)
    assert [(claim.incident, len(claim.ids)) for claim in claims] == [(1, 1)]
    assert collateral.tolist() == [False, True, True, False]


def test_text_from_the_wire_cannot_reach_a_sentence():
    """Sentences are made of addresses and numbers only: no control character, whatever the packets' bytes."""
    traffic = Traffic()
    for name in range(60):
        traffic.dns(name * 0.05, "10.0.0.66", "10.0.0.1", f"\x1b[31m{name:060x}\n\u202e")
    (incident,) = Detector(DetectionSettings()).process(traffic.batch()).incidents
    assert incident.family == "dns tunnel"
    assert incident.sentence.isprintable()
