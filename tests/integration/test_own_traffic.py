"""What TrafficDesk itself sends is not taken for an attack, and what anybody else sends to the same server is."""

from __future__ import annotations

import smtplib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
from aiosmtpd.controller import Controller

from tests.helpers.namespaces import Cable, cable, inside, needs_namespaces, within
from trafficdesk.alerts.mail import trial_message
from trafficdesk.alerts.smtp import send
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.live import open_live
from trafficdesk.capture.pump import CapturePump, CreditGate
from trafficdesk.detect.detector import Detector
from trafficdesk.identity.own_traffic import OWN_TRAFFIC
from trafficdesk.packets.log import Verdict
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import CaptureSettings, DetectionSettings, MailSecurity, MailSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trafficdesk.packets.batch import PacketBatch

pytestmark = [pytest.mark.root, needs_namespaces]

MAILS = 200
SERVER = "10.77.0.2"
SETTINGS = MailSettings(
    enabled=True,
    server=SERVER,
    port=25,
    security=MailSecurity.NONE,
    sender="desk@example.com",
    recipients=("a@example.com",),
    timeout_s=5.0,
)


class Box:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.mails = 0

    async def handle_DATA(self, _server: object, _session: object, _envelope: object) -> str:  # noqa: N802
        self.mails += 1
        return "250 taken"


@contextmanager
def between_two(wire: Cable) -> Iterator[Box]:
    """Both ends have addresses, and a mail server listens at the far one."""
    wire.ip("link", "set", "lo", "up", far=True)
    wire.ip("address", "add", "10.77.0.1/24", "dev", "v0")
    wire.ip("address", "add", f"{SERVER}/24", "dev", "v0", far=True)
    box = Box()
    controller = Controller(
        box, hostname=SERVER, port=25, server_hostname="mail.example.com", ready_timeout=60
    )
    with inside(wire.far):
        controller.start()
    try:
        yield box
    finally:
        controller.stop()


def captured(wire: Cable, action: Callable[[], None]) -> AnalysisSession:
    """What the near end saw while `action` ran there, analysed as it came in."""
    session, stop, batches = AnalysisSession(), threading.Event(), []
    session.begin()
    gate = CreditGate(64)

    def take(batch: PacketBatch) -> None:
        batches.append(batch)
        gate.release()

    pump = CapturePump(gate=gate, stop=stop, emit=take)
    with inside(wire.near):
        source = open_live("v0", CaptureSettings(ring_mib=8))
    thread = threading.Thread(target=lambda: pump.run_live(source, RecentFrames(8 << 20)))
    thread.start()
    within(wire.near, action)
    time.sleep(0.5)  # the last goodbyes
    stop.set()
    thread.join(60)
    source.close()
    detector = Detector(DetectionSettings())
    detector.expect_live()
    for batch in batches:
        session.ingest(batch)
        while (stretch := session.next_stretch(live=True)) is not None:
            session.apply(detector.process(stretch.batch()))
    return session


def conversing(session: AnalysisSession) -> np.ndarray:
    """(rows,) verdicts of the rows with the mail server."""
    ids = np.arange(session.log.first_id, session.log.end_id)
    ports = [session.log.column(f"{end}_port", ids) for end in ("source", "destination")]
    return session.log.column("verdict", ids[(ports[0] == 25) | (ports[1] == 25)])


def by_us() -> None:
    """A burst of alerts, several at a time."""

    def one(_number: int) -> None:
        send(SETTINGS, "", trial_message(SETTINGS))

    with ThreadPoolExecutor(10) as senders:
        list(senders.map(one, range(MAILS)))


def by_another() -> None:
    """The same by something else on this computer, which our sender knows nothing of."""

    def one(_number: int) -> None:
        with smtplib.SMTP(SERVER, 25, local_hostname="trafficdesk.local", timeout=60) as client:
            client.send_message(trial_message(SETTINGS))

    with ThreadPoolExecutor(10) as senders:
        list(senders.map(one, range(MAILS)))


def test_a_burst_of_alerts_is_no_incident_and_the_same_of_another_program_is() -> None:
    """200 mails of ours: not one row judged, all of them marked as ours; 200 of somebody else's: brute force."""
    with cable() as wire, between_two(wire) as box:
        ours = captured(wire, by_us)
        theirs = captured(wire, by_another)
    assert box.mails == 2 * MAILS
    assert (conversing(ours) == Verdict.OWN).all()
    assert ours.own == len(conversing(ours)) > 10 * MAILS
    assert ours.incidents == ()
    assert ours.scored + ours.unscored + ours.own == ours.log.end_id
    assert ours.coverage.words == ""
    assert (conversing(theirs) & Verdict.SCORED).all()
    assert [incident.family for incident in theirs.incidents] == ["brute force"]


def test_a_server_that_is_not_there_is_ours_in_vain() -> None:
    """What nobody answers, and what is refused, is known as ours as well: the retries are no scan."""

    def in_vain() -> None:
        for port in range(26, 126):
            with pytest.raises(OSError, match="refused"):
                OWN_TRAFFIC.connect((SERVER, port), 1.0)

    with cable() as wire, between_two(wire):
        session = captured(wire, in_vain)
    assert session.own == 200
    assert session.incidents == ()
