"""The policy: news only, severe enough, not too many, and nothing forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.helpers.incidents import an_incident
from trafficdesk.alerts.policy import COOLDOWN_S, HOUR_S, AlertPolicy, quiet_span
from trafficdesk.settings import MailSettings


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_each_announcement_is_told_once() -> None:
    """An incident is told when its count grows, and at no other update."""
    policy = AlertPolicy(MailSettings(), Clock())
    told = [len(policy.due([an_incident(announced=count)])) for count in (1, 1, 1, 2, 2, 3)]
    assert told == [1, 0, 0, 1, 0, 1]


def test_mild_incidents_are_not_told_until_they_are_severe() -> None:
    """Below the threshold nothing is told; the same incident grown severe is."""
    policy = AlertPolicy(MailSettings(minimum_severity=50), Clock())
    assert policy.due([an_incident(severity=49)]) == ()
    assert len(policy.due([an_incident(severity=50)])) == 1
    assert policy.held_back == 0


def test_hourly_limit_counts_what_it_holds_back() -> None:
    """Beyond the limit incidents are counted, and the next mail tells how many."""
    clock = Clock()
    policy = AlertPolicy(MailSettings(max_per_hour=2), clock)
    flood = [an_incident(id=number, culprit=f"192.0.2.{number}") for number in range(1, 8)]
    assert [item.held_back for item in policy.due(flood)] == [0, 0]
    clock.now += HOUR_S
    later = policy.due([an_incident(id=99, culprit="192.0.2.99")])
    assert [item.held_back for item in later] == [5]
    assert policy.held_back == 0


def test_same_culprit_and_family_cools_down() -> None:
    """A second incident of the same kind is held back for a while; another family is not."""
    clock = Clock()
    policy = AlertPolicy(MailSettings(), clock)
    assert len(policy.due([an_incident(id=1)])) == 1
    assert policy.due([an_incident(id=2)]) == ()
    assert len(policy.due([an_incident(id=3, family="beacon")])) == 1
    clock.now += COOLDOWN_S
    assert len(policy.due([an_incident(id=4)])) == 1


def test_a_growing_incident_does_not_cool_itself_down() -> None:
    """Tenfold growth within the cooldown is told: the detector has decided that it is news."""
    policy = AlertPolicy(MailSettings(), Clock())
    first = an_incident(announced=1)
    assert len(policy.due([first])) == 1
    assert len(policy.due([replace(first, announced=2, packets=2_120)])) == 1


def test_a_new_capture_starts_afresh() -> None:
    """The same incident id of another capture is another incident."""
    clock = Clock()
    policy = AlertPolicy(MailSettings(), clock)
    policy.due([an_incident(id=1)], 1)
    clock.now += COOLDOWN_S
    assert len(policy.due([an_incident(id=1)], 2)) == 1


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("22:00-07:00", (1_320, 420)),
        (" 9:30 \u2013 17:00 ", (570, 1_020)),
        ("", None),
        ("always", None),
        ("25:00-07:00", None),
        ("07:00-07:00", None),
        ("1:60-2:00", None),
    ],
)
def test_quiet_hours_are_read_or_refused(text, span) -> None:
    """What is no span is none, and the dialog says so."""
    assert quiet_span(text) == span


@pytest.mark.parametrize(
    ("clock", "end"), [("23:30", "07:00"), ("03:00", "07:00"), ("07:00", None), ("12:00", None)]
)
def test_quiet_hours_end(clock, end) -> None:
    """Over midnight, too."""
    now = datetime.fromisoformat(f"2026-11-21T{clock}").astimezone()
    policy = AlertPolicy(MailSettings(quiet_hours="22:00-07:00"))
    found = policy.quiet_end(now)
    assert (f"{found:%H:%M}" if found else None) == end
    assert found is None or 0 < (found - now).total_seconds() <= 9 * 3_600


def test_in_quiet_hours_only_what_is_grave_speaks() -> None:
    """The rest is held for the digest, and counted."""
    night = datetime.fromisoformat("2026-11-21T02:00").astimezone()
    settings = MailSettings(quiet_hours="22:00-07:00", quiet_severity=80)
    policy = AlertPolicy(settings, Clock(), lambda: night)
    told = policy.due([an_incident(id=1, severity=60), an_incident(id=2, severity=85, culprit="192.0.2.9")])
    assert [(one.incident.id, one.held_back) for one in told] == [(2, 1)]
    assert [incident.id for incident in policy.take_held()] == [1]
    assert policy.take_held() == ()
