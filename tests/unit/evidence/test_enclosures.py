"""A mail's evidence: no larger than allowed, what was left out is said, and the picture marks the incident."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.incidents import an_incident
from trafficdesk.alerts.mail import message_for
from trafficdesk.evidence.enclosures import Enclosures, enclosure_of
from trafficdesk.evidence.picture import volume_picture
from trafficdesk.export.evidence import CAPTURE, MANIFEST, WHY, evidence_ids
from trafficdesk.packets.log import PacketLog
from trafficdesk.report.drawing import ACCENT
from trafficdesk.settings import DetectionSettings, MailSettings

if TYPE_CHECKING:
    from tests.helpers.analysed import Analysed
    from trafficdesk.alerts.enclosure import Enclosure
    from trafficdesk.detect.finding import Incident
    from trafficdesk.evidence.bundle import Scene
    from trafficdesk.session import AnalysisSession

SETTINGS = MailSettings(sender="watch@example.com", recipients=("a@example.com",))
ROOM = 5 << 20


@pytest.fixture
def session(analysed_sample: Analysed) -> AnalysisSession:
    return analysed_sample.session


@pytest.fixture
def largest(session: AnalysisSession) -> Incident:
    return max(session.incidents, key=lambda one: len(evidence_ids(session.log, one)))


def scene_of(session: AnalysisSession) -> Scene:
    from trafficdesk.evidence.bundle import Scene

    return Scene.of(session, DetectionSettings())


def names(enclosure: Enclosure) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(enclosure.archive)) as archive:
        return set(archive.namelist())


def test_all_packets_are_attached_where_there_is_room(session: AnalysisSession, largest: Incident) -> None:
    """The mail holds the whole evidence and says how many packets it has."""
    enclosure = Enclosures(DetectionSettings)(session, largest)(ROOM)
    assert {CAPTURE, MANIFEST, WHY} <= names(enclosure)
    assert f"{len(evidence_ids(session.log, largest)):,} packets cut to their headers" in enclosure.words


@pytest.mark.parametrize("room", [40_000, 90_000, 120_000, 160_000, 250_000, ROOM])
def test_the_mail_is_no_larger_than_allowed(session: AnalysisSession, largest: Incident, room: int) -> None:
    """With less room there are fewer packets, then none, then nothing; the mail says which."""
    enclosure = enclosure_of(scene_of(session), largest, room)
    if enclosure.archive:
        assert len(message_for(largest, SETTINGS, enclosure=enclosure).as_bytes()) <= room
        assert "without packets" in enclosure.words or CAPTURE in names(enclosure)
    else:
        assert "Nothing is attached" in enclosure.words


def test_fewer_packets_are_the_incidents_own(session: AnalysisSession) -> None:
    """Where not all fit, rows of the incident come before those around it."""
    incident = next(one for one in session.incidents if one.family == "upload burst")
    own = set(evidence_ids(session.log, incident, incident.packets).tolist())
    some = evidence_ids(session.log, incident, incident.packets + 10)
    assert own < set(some.tolist())
    assert len(some) == incident.packets + 10
    assert (np.diff(some) > 0).all()


def test_without_frames_rows_and_reasons_are_attached(session: AnalysisSession, largest: Incident) -> None:
    """Of a capture whose frames nobody keeps the mail says so, and goes all the same."""
    enclosure = enclosure_of(replace(scene_of(session), frames=None), largest, ROOM)
    assert "without packets: the frames of this capture are not kept" in enclosure.words
    assert CAPTURE not in names(enclosure)
    with zipfile.ZipFile(io.BytesIO(enclosure.archive)) as archive:
        assert json.loads(archive.read(WHY))["incident"]["sentence"] == largest.sentence


def test_nothing_is_attached_where_nobody_wants_it(session: AnalysisSession, largest: Incident) -> None:
    """No room: the picture alone."""
    enclosure = enclosure_of(scene_of(session), largest, 0)
    assert not enclosure.archive
    assert enclosure.picture.startswith(b"\x89PNG")


def test_the_picture_shows_volume_and_marks_the_incident(session: AnalysisSession) -> None:
    """The shaded span lies where the incident's share of the time shown lies; all bytes are drawn."""
    incident = next(one for one in session.incidents if one.family == "port scan")
    drawing = volume_picture(session.log, incident)
    assert drawing is not None
    shade, bars = drawing.boxes[0], [box for box in drawing.boxes if box.fill == ACCENT]
    assert bars
    assert all(box.x + box.width <= drawing.width for box in drawing.boxes)
    assert shade.width >= 2
    assert "shaded" in drawing.title


def test_no_picture_of_nothing() -> None:
    """A log without packets, or with none near the incident, has no picture; absurd times do no harm."""
    assert volume_picture(PacketLog(), an_incident()) is None
    assert volume_picture(PacketLog(), an_incident(start_ns=-(2**62), end_ns=2**62)) is None
