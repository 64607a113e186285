"""The dispatcher: never blocks, survives outages, tells failures once, ends in time."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tests.helpers.incidents import an_incident
from trafficdesk.alerts.dispatcher import QUEUE, AlertDispatcher
from trafficdesk.alerts.smtp import MailRefused
from trafficdesk.errors import AlertError
from trafficdesk.settings import MailSettings

if TYPE_CHECKING:
    from email.message import EmailMessage

SETTINGS = MailSettings(
    enabled=True,
    server="mail.example",
    sender="a@example.com",
    recipients=("b@example.com",),
    max_per_hour=1_000,
)
CAPTURE = SimpleNamespace(capture_id=1)
SHORT = (0.01, 0.02)


class Server:
    """Fails `failures` times, then takes mails."""

    def __init__(self, failures: int = 0, error: AlertError | None = None) -> None:
        self.failures = failures
        self.error = error or AlertError("out of reach", "wait")
        self.subjects: list[str] = []
        self.took = threading.Semaphore(0)
        self.passwords: list[str] = []

    def send(self, _settings: MailSettings, password: str, message: EmailMessage) -> str:
        self.passwords.append(password)
        if self.failures:
            self.failures -= 1
            raise self.error
        self.subjects.append(message["Subject"])
        self.took.release()
        return "S: 250 ok"


def dispatcher(server: Server, settings: MailSettings = SETTINGS, **more: object) -> AlertDispatcher:
    return AlertDispatcher(settings, lambda: "secret", send=server.send, **{"back_off_s": SHORT, **more})


def incidents(count: int) -> list:
    return [an_incident(id=n, culprit=f"host {n}", sentence=f"sentence {n}") for n in range(1, count + 1)]


def test_outage_delays_and_loses_nothing() -> None:
    """After failures every mail arrives, once, in order; the failure was told once."""
    server, told = Server(failures=4), []
    mails = dispatcher(server, on_error=told.append)
    assert mails.handle(incidents(3), CAPTURE) == 3
    for _ in range(3):
        assert server.took.acquire(timeout=10)
    assert mails.close(10) == 0
    assert [subject.rpartition(": ")[2] for subject in server.subjects] == [
        f"sentence {n}" for n in (1, 2, 3)
    ]
    assert [error.title for error in told] == ["out of reach"]


def test_disabled_mail_is_silent() -> None:
    """Nothing is sent while alerts are off."""
    server = Server()
    mails = dispatcher(server, MailSettings(enabled=False))
    assert mails.handle(incidents(3), CAPTURE) == 0
    assert mails.close(10) == 0
    assert server.subjects == []


def test_close_ends_though_the_server_is_gone() -> None:
    """With a server out of reach, closing returns and says what is unsent."""
    mails = dispatcher(Server(failures=10**9), back_off_s=(100.0, 100.0))
    mails.handle(incidents(2), CAPTURE)
    assert mails.close(10) == 2


def test_refusal_waits_until_settings_change() -> None:
    """A refused password is not tried again and again; new settings are tried at once."""
    server = Server(failures=1, error=MailRefused("535 no", "check"))
    told = threading.Event()
    mails = dispatcher(server, on_error=lambda _: told.set(), back_off_s=(0.01, 100.0))
    mails.handle(incidents(1), CAPTURE)
    assert told.wait(10)
    assert mails.waiting == 1
    mails.set_settings(SETTINGS.__class__(**{**_fields(SETTINGS), "port": 465}))
    assert server.took.acquire(timeout=10)
    assert mails.close(10) == 0


def test_queue_is_bounded_and_counts_what_gave_way() -> None:
    """Of too many mails the newest stay, and the next one tells how many did not."""
    server = Server(failures=10**9)
    mails = dispatcher(server, back_off_s=(100.0, 100.0))
    mails.handle(incidents(QUEUE + 5), CAPTURE)
    assert mails.waiting == QUEUE
    assert mails._policy.held_back == 5
    mails.close(10)


def test_evidence_is_asked_in_the_callers_thread() -> None:
    """The log is not thread-safe: rows are taken where the incident is handed over."""
    threads = []

    def evidence(session: object, incident: object) -> bytes:
        threads.append((threading.current_thread(), session, incident))
        return b"number\n1\n"

    mails = dispatcher(Server(), evidence=evidence)
    mails.handle(incidents(1), CAPTURE)
    mails.close(10)
    assert [entry[:2] for entry in threads] == [(threading.current_thread(), CAPTURE)]


def _fields(settings: MailSettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__slots__}
