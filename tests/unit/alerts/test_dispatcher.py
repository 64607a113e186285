"""The dispatcher: never blocks, survives outages, tells failures once, ends in time."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tests.helpers.incidents import an_incident
from trafficdesk.alerts.channels import DIGEST, MAIL, body_of, mail_of
from trafficdesk.alerts.dispatcher import NO_USE_AFTER_NS, AlertDispatcher
from trafficdesk.alerts.enclosure import NO_ROOM, NOT_GATHERED, Enclosure
from trafficdesk.alerts.gathering import MOST_WAITING, WAIT_NS
from trafficdesk.alerts.mail import trial_message
from trafficdesk.alerts.outbox import MemoryOutbox
from trafficdesk.alerts.smtp import MailRefused
from trafficdesk.errors import AlertError, ExportError
from trafficdesk.settings import MailSettings
from trafficdesk.store.letter import Letter
from trafficdesk.store.outbox import StoredOutbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage
    from pathlib import Path

    import pytest

SETTINGS = MailSettings(
    enabled=True,
    server="mail.example",
    sender="a@example.com",
    recipients=("b@example.com",),
    max_per_hour=1_000,
    evidence_wait_s=0,
)
CAPTURE = SimpleNamespace(capture_id=1)
SHORT = (0.01, 0.02)


class Server:
    """Fails `failures` times, then takes mails."""

    def __init__(self, failures: int = 0, error: AlertError | None = None) -> None:
        self.failures = failures
        self.error = error or AlertError("out of reach", "wait")
        self.subjects: list[str] = []
        self.mails: list[EmailMessage] = []
        self.took = threading.Semaphore(0)
        self.passwords: list[str] = []

    def send(
        self, _settings: MailSettings, password: str, message: EmailMessage, *, accepted: Callable[[], None]
    ) -> str:
        self.passwords.append(password)
        if self.failures:
            self.failures -= 1
            raise self.error
        self.subjects.append(message["Subject"])
        self.mails.append(message)
        accepted()
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
        assert server.took.acquire(timeout=60)
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
    assert told.wait(60)
    assert mails.waiting == 1
    mails.set_settings(SETTINGS.__class__(**{**_fields(SETTINGS), "port": 465}))
    assert server.took.acquire(timeout=60)
    assert mails.close(10) == 0


def test_memory_is_bounded_and_counts_what_gave_way() -> None:
    """Where there is no disk, of too many letters the newest stay."""
    outbox = MemoryOutbox(most=10)
    server = Server(failures=10**9)
    mails = dispatcher(server, outbox=lambda: outbox, back_off_s=(100.0, 100.0))
    mails.handle(incidents(15), CAPTURE)
    assert mails.close(10) == 10
    assert outbox.dropped == 5


def test_evidence_is_asked_in_the_callers_thread_and_made_in_another() -> None:
    """The log is not thread-safe, and packing takes long: the one happens where the incident is handed over, the other not."""
    asked, made = [], []

    def evidence(session: object, _incident: object) -> Callable[[int], Enclosure]:
        asked.append((threading.current_thread(), session))

        def make(room: int) -> Enclosure:
            made.append((threading.current_thread(), room))
            return Enclosure("Attached.", "e.zip", b"PK")

        return make

    server = Server()
    mails = dispatcher(server, evidence=evidence)
    mails.handle(incidents(1), CAPTURE)
    assert server.took.acquire(timeout=60)
    mails.close(10)
    assert asked == [(threading.current_thread(), CAPTURE)]
    assert [(thread is threading.current_thread(), room) for thread, room in made] == [(False, 5 << 20)]
    assert [part.get_payload(decode=True) for part in server.mails[0].iter_attachments()] == [b"PK"]


def test_an_alert_goes_though_its_evidence_fails() -> None:
    """What goes wrong with the evidence is said in the mail, which arrives."""

    def evidence(_session: object, _incident: object) -> Callable[[int], Enclosure]:
        def make(_room: int) -> Enclosure:
            raise ExportError("No space is left.", "Free some.")

        return make

    server = Server()
    mails = dispatcher(server, evidence=evidence)
    mails.handle(incidents(1), CAPTURE)
    assert server.took.acquire(timeout=60)
    mails.close(10)
    assert "could not be made: No space is left." in server.mails[0].get_body(("plain",)).get_content()
    assert not list(server.mails[0].iter_attachments())


def test_evidence_does_not_fill_the_disk() -> None:
    """From some number of bytes that wait in the outbox on, alerts wait without evidence and say so."""

    class FullOutbox(MemoryOutbox):
        def waiting_bytes(self) -> int:
            return MOST_WAITING

    server = Server()
    mails = dispatcher(server, outbox=FullOutbox, evidence=lambda *_: lambda _room: Enclosure("x", "x", b"x"))
    mails.handle(incidents(1), CAPTURE)
    assert server.took.acquire(timeout=60)
    mails.close(10)
    assert NO_ROOM in server.mails[0].get_body(("plain",)).get_content()


def test_an_alert_whose_evidence_was_not_finished_leaves_without_it(tmp_path: Path) -> None:
    """While evidence is made the alert is in the outbox, and another program sends it once its time has come."""
    begun, go_on = threading.Event(), threading.Event()

    def make(_room: int) -> Enclosure:
        begun.set()
        go_on.wait(60)
        return Enclosure("Attached.", "e.zip", b"PK")

    one = dispatcher(Server(), outbox=lambda: StoredOutbox(tmp_path), evidence=lambda *_: make)
    one.handle(incidents(1), CAPTURE)
    assert begun.wait(60)
    outbox = StoredOutbox(tmp_path)
    now = time.time_ns()
    assert outbox.claim(now, (MAIL,)) is None
    letter = outbox.claim(now + WAIT_NS, (MAIL,))
    assert letter is not None
    assert NOT_GATHERED in mail_of(letter.body).get_body(("plain",)).get_content()
    go_on.set()
    one.close(10)
    outbox.delivered(letter, now)
    assert outbox.waiting() == 0
    outbox.close()


def test_an_attachment_waits_on_disk(tmp_path: Path) -> None:
    """What was attached when the server was out of reach is attached, byte by byte, when another run of ours sends it."""
    archive = bytes(range(256)) * 4_000
    down = dispatcher(
        Server(failures=10**9),
        outbox=lambda: StoredOutbox(tmp_path),
        evidence=lambda *_: lambda _room: Enclosure("Attached.", "e.zip", archive),
        back_off_s=(100.0, 100.0),
    )
    down.handle(incidents(1), CAPTURE)
    assert down.close(20) == 1
    server = Server()
    up = dispatcher(server, outbox=lambda: StoredOutbox(tmp_path))
    up.set_settings(SETTINGS)
    assert server.took.acquire(timeout=60)
    assert up.close(20) == 0
    assert [part.get_payload(decode=True) for part in server.mails[0].iter_attachments()] == [archive]


def _fields(settings: MailSettings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__slots__}


def test_what_waits_survives_the_program(tmp_path: Path) -> None:
    """Unsent mails of one run are sent by the next, once each; a third has nothing to do."""
    down = dispatcher(
        Server(failures=10**9), outbox=lambda: StoredOutbox(tmp_path), back_off_s=(100.0, 100.0)
    )
    down.handle(incidents(3), CAPTURE)
    assert down.close(10) == 3
    server = Server()
    up = dispatcher(server, outbox=lambda: StoredOutbox(tmp_path))
    for _ in range(3):
        assert server.took.acquire(timeout=60)
    assert up.close(20) == 0
    again = Server()
    assert dispatcher(again, outbox=lambda: StoredOutbox(tmp_path)).close(20) == 0
    assert len(server.subjects) == 3
    assert again.subjects == []


def test_two_days_are_enough() -> None:
    """What could not be delivered for so long is given up, and said."""
    outbox, told = MemoryOutbox(), []
    outbox.put(Letter("old", MAIL, body_of(trial_message(SETTINGS)), time.time_ns() - NO_USE_AFTER_NS - 1))
    mails = dispatcher(Server(failures=10**9), outbox=lambda: outbox, on_error=told.append)
    assert mails.close(10) == 0
    assert "given up" in told[-1].title


def test_what_was_held_back_comes_as_one_digest() -> None:
    """Beyond the hourly limit: one later mail names them all, gravest first."""
    server, outbox = Server(), MemoryOutbox()
    settings = replace(SETTINGS, max_per_hour=1, digest_hours=1)
    mails = dispatcher(server, settings, outbox=lambda: outbox)
    mails.handle([replace(one, severity=40 + one.id) for one in incidents(4)], CAPTURE)
    assert server.took.acquire(timeout=60)
    assert mails.close(10) == 3
    outbox.hasten((DIGEST,))
    later = Server()
    assert dispatcher(later, settings, outbox=lambda: outbox).close(10) == 0
    (subject,) = later.subjects
    assert "3 findings" in subject


def test_a_webhook_gets_the_incident_as_json() -> None:
    """Posted once, with sentence and reasons; a server in trouble is tried again."""
    got, answers = [], [503, 200]

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0))
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings = MailSettings(webhook=f"http://127.0.0.1:{server.server_port}/hook")
        sent = threading.Event()
        mails = dispatcher(Server(), settings, on_sent=lambda _: sent.set())
        mails.handle(incidents(1), CAPTURE)
        assert sent.wait(60)
        assert mails.close(10) == 0
        server.shutdown()
        thread.join()
    assert [one["sentence"] for one in got] == ["sentence 1"] * 2
    assert got[0]["reasons"]


def test_every_alert_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Also where no mail is wanted and at any hour, once each; hostile text can't begin another line."""
    mails = dispatcher(Server(), MailSettings(quiet_hours="00:00-24:00"))
    hostile = an_incident(id=50, culprit="x", sentence="evil\r\nalert: all is well\x1b[2J")
    with caplog.at_level("WARNING", "trafficdesk.alerts"):
        mails.handle(incidents(3), CAPTURE)
        mails.handle([*incidents(3), hostile], CAPTURE)
    assert mails.close(10) == 0
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 4
    assert "sentence 2" in lines[1]
    assert all(line.isprintable() for line in lines)
    assert lines[3].endswith("evil\\x0d\\x0aalert: all is well\\x1b[2J")
