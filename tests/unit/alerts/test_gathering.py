"""`alerts.gathering`: a mail waits for what follows its incident, and never longer."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.helpers.incidents import an_incident
from tests.unit.alerts.test_dispatcher import CAPTURE, SETTINGS, Server, dispatcher
from trafficdesk.alerts import gathering
from trafficdesk.alerts.enclosure import Enclosure

if TYPE_CHECKING:
    from trafficdesk.alerts.dispatcher import AlertDispatcher
    from trafficdesk.alerts.gathering import Make
    from trafficdesk.detect.finding import Incident

WAITING = replace(SETTINGS, evidence_wait_s=30)
SECOND = 1_000_000_000


class Scene:
    """What is known of the only incident, which grows."""

    def __init__(self) -> None:
        self.incident = an_incident(announced=1)
        self.asked_in: list[threading.Thread] = []

    def __call__(self, _session: object, _incident: Incident) -> Make:
        newest = self.incident
        self.asked_in.append(threading.current_thread())
        return lambda _room: Enclosure("Attached.", "e.zip", str(newest.packets).encode(), incident=newest)

    def grow(self, packets: int, announced: int = 1) -> None:
        self.incident = replace(
            self.incident, packets=packets, announced=announced, end_ns=self.end_ns + SECOND
        )

    @property
    def end_ns(self) -> int:
        return self.incident.end_ns


def let_go(mails: AlertDispatcher, server: Server, until_ns: int, capture: object = CAPTURE) -> None:
    """Follow, as a window does every second, until a mail has left."""
    for _ in range(200):
        mails.follow(capture, until_ns)
        if server.took.acquire(timeout=0.05):
            return
    raise AssertionError("no mail has left")


def attached(server: Server) -> list[bytes]:
    return [part.get_payload(decode=True) for mail in server.mails for part in mail.iter_attachments()]


def text(server: Server) -> str:
    return str(server.mails[0].get_body(("plain",)).get_content())


def test_a_mail_tells_what_followed() -> None:
    """It leaves when the capture has gone on for as long as the settings say, with the incident as it is by then."""
    scene, server = Scene(), Server()
    announced = scene.incident
    mails = dispatcher(server, WAITING, evidence=scene)
    mails.handle([announced], CAPTURE)
    scene.grow(4_711)
    mails.follow(CAPTURE, announced.end_ns + 29 * SECOND)
    assert not server.took.acquire(timeout=0.3)
    assert mails.waiting == 1
    let_go(mails, server, announced.end_ns + 30 * SECOND)
    assert mails.close(10) == 0
    assert attached(server) == [b"4711"]
    assert "4,711" in text(server)
    assert set(scene.asked_in) == {threading.current_thread()}


def test_what_is_announced_again_meanwhile_is_one_mail() -> None:
    """A mail that waits tells of the incident as it will be; once it has left, the next one is another."""
    scene, server = Scene(), Server()
    mails = dispatcher(server, WAITING, evidence=scene)
    for announced in (1, 2, 3):
        scene.grow(100 * announced, announced)
        mails.handle([scene.incident], CAPTURE)
    let_go(mails, server, scene.end_ns + 30 * SECOND)
    scene.grow(400, 4)
    mails.handle([scene.incident], CAPTURE)
    let_go(mails, server, scene.end_ns + 30 * SECOND)
    assert mails.close(10) == 0
    assert attached(server) == [b"300", b"400"]


def test_another_capture_ends_the_wait() -> None:
    """Where the capture has been left, the mail has what was known when the alert came."""
    scene, server = Scene(), Server()
    mails = dispatcher(server, WAITING, evidence=scene)
    mails.handle([scene.incident], CAPTURE)
    known = scene.incident.packets
    scene.grow(4_711)
    let_go(mails, server, 0, SimpleNamespace(capture_id=CAPTURE.capture_id + 1))
    mails.close(10)
    assert attached(server) == [str(known).encode()]


@pytest.mark.parametrize("asks_again", [True, False])
def test_an_end_waits_for_nothing(*, asks_again: bool) -> None:
    """Closed in the middle of the wait, it leaves at once: with what is known by then, or was when the alert came."""
    scene, server = Scene(), Server()
    mails = dispatcher(server, WAITING, evidence=scene)
    known = scene.incident.packets
    if asks_again:
        mails.follow(CAPTURE, 0, last=True)
    mails.handle([scene.incident], CAPTURE)
    assert mails.close(10) == 0
    assert attached(server) == [str(known).encode()]


def test_whom_nobody_asks_again_waits_little_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that hangs, or a caller that never follows: the mail goes by itself."""
    monkeypatch.setattr(gathering, "PATIENCE_S", 0.1)
    server = Server()
    mails = dispatcher(server, replace(WAITING, evidence_wait_s=1), evidence=Scene())
    mails.handle([an_incident(announced=1)], CAPTURE)
    assert server.took.acquire(timeout=20)
    assert mails.close(10) == 0


def test_a_clock_that_is_set_holds_no_mail_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set back by a year, the capture's time never comes; the time that passes does."""
    monkeypatch.setattr(gathering, "PATIENCE_S", 60.0)
    scene, server = Scene(), Server()
    mails = dispatcher(server, replace(WAITING, evidence_wait_s=1), evidence=scene)
    mails.handle([scene.incident], CAPTURE)
    let_go(mails, server, scene.end_ns - 365 * 86_400 * SECOND)
    assert mails.close(10) == 0


def test_without_evidence_nobody_waits() -> None:
    """Where nothing is to be attached the mail leaves at once."""
    server = Server()
    mails = dispatcher(server, replace(WAITING, evidence_mib=0), evidence=Scene())
    mails.handle([an_incident(announced=1)], CAPTURE)
    assert server.took.acquire(timeout=10)
    assert mails.close(10) == 0
