"""Alerts over kill -9 and a mail server that is down for part of the time: each arrives, once."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from aiosmtpd.controller import Controller

from tests.helpers.mail_server import Received, free_port

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20
_ALERTS = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from tests.helpers.incidents import an_incident
from trafficdesk.alerts import AlertDispatcher
from trafficdesk.alerts.enclosure import Enclosure
from trafficdesk.settings import MailSecurity, MailSettings
from trafficdesk.store.outbox import StoredOutbox
port, folder, run = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
settings = MailSettings(enabled=True, server="127.0.0.1", port=port, security=MailSecurity.NONE, timeout_s=5.0,
                        sender="a@example.com", recipients=("b@example.com",), max_per_hour=1_000, evidence_wait_s=0)
def evidence(session, incident):
    return lambda room: Enclosure("Attached.", "e.zip", 5_000 * incident.sentence.encode())
alerts = AlertDispatcher(settings, lambda: "", outbox=lambda: StoredOutbox(folder), evidence=evidence,
                         back_off_s=(0.05, 0.2))
for number in range(1, 4):
    told = f"alert {run}.{number}"
    alerts.handle([an_incident(id=number, culprit=told, sentence=told)], SimpleNamespace(capture_id=1))
    while alerts._incoming or alerts._gathering:
        time.sleep(0.001)
    print(told, flush=True)
    time.sleep(0.02)
if run == "last":
    while alerts.waiting:
        time.sleep(0.05)
time.sleep(60)
"""


class _Server:
    """A mail server that can be taken down and comes back at its port."""

    def __init__(self) -> None:
        self.received = Received()
        self.port = free_port()
        self._controller = self._started()
        self.up = True

    def _started(self) -> Controller:
        controller = Controller(self.received, hostname="127.0.0.1", port=self.port, ready_timeout=60)
        controller.start()
        return controller

    def toggle(self) -> None:
        if self.up:
            self._controller.stop()
        else:
            self._controller = self._started()
        self.up = not self.up

    def stop(self) -> None:
        if self.up:
            self._controller.stop()


def test_every_alert_once_over_twenty_kills(tmp_path: Path) -> None:
    """Killed at any moment, the server away every other round: what was taken in arrives with its evidence, nothing twice."""
    server, taken = _Server(), []
    for number in range(KILLS + 1):
        last = number == KILLS
        if number % 2 or (last and not server.up):
            server.toggle()
        run = "last" if last else str(number)
        command = [sys.executable, "-c", _ALERTS, str(server.port), str(tmp_path), run]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        with process:
            taken += [process.stdout.readline().strip() for _ in range(3 if last else 1 + number % 3)]
            if last:
                deadline = time.monotonic() + 60
                while len(server.received.messages) < len(set(taken)) and time.monotonic() < deadline:
                    time.sleep(0.05)
                time.sleep(0.5)
            else:
                time.sleep(0.013 * (number % 5))
            process.send_signal(signal.SIGKILL)
            taken += [line.strip() for line in process.stdout.read().splitlines()]
    server.stop()
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in server.received.messages]
    # A kill between the server's "250" and our note of it may send one again, under the same Message-ID.
    arrived = Counter(
        {mail["message-id"]: str(mail["subject"]).rpartition(": ")[2] for mail in mails}.values()
    )
    assert set(arrived) >= set(taken)
    assert set(arrived.values()) == {1}
    for mail in mails:
        told = str(mail["subject"]).rpartition(": ")[2]
        attached = [part.get_payload(decode=True) for part in mail.iter_attachments()]
        assert attached == [5_000 * told.encode()] or told not in taken
