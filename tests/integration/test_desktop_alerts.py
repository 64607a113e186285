"""The whole path in the real program: a capture is opened, incidents are found, and a real server gets the mails."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING

from tests.helpers.mail_server import PASSWORD, USER, mail_server, make_authority
from trafficdesk.export.evidence import CAPTURE, MANIFEST, WHY
from trafficdesk.paths import sample_capture
from trafficdesk.settings import MailSettings, Settings
from trafficdesk.settings import file as settings_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.helpers.mail_server import Received


def until_quiet(received: Received, window: subprocess.Popen[str]) -> None:
    """Return when three mails have come, and for five seconds no more."""
    last, since = 0, time.monotonic()
    while window.poll() is None and (len(received.messages) < 3 or time.monotonic() - since < 5):
        if len(received.messages) > last:
            last, since = len(received.messages), time.monotonic()
        time.sleep(0.1)


def test_incidents_in_the_window_are_mailed_once_each(tmp_path: Path) -> None:
    """The sample's incidents arrive over STARTTLS with a login, each only as often as it is announced, and with evidence."""
    files = make_authority(tmp_path)
    with mail_server(files) as (port, received):
        mail = MailSettings(
            enabled=True,
            server="localhost",
            port=port,
            user=USER,
            sender="watch@example.com",
            recipients=("owner@example.com",),
        )
        settings_file.save(Settings(mail=mail))
        environment = {
            "QT_QPA_PLATFORM": "offscreen",
            "SSL_CERT_FILE": str(files.authority),
            "TRAFFICDESK_SMTP_PASSWORD": PASSWORD,
        }
        with subprocess.Popen(
            [sys.executable, "-m", "trafficdesk", str(sample_capture()), "--quit-after", "200"],
            env=os.environ | environment, stderr=subprocess.PIPE, text=True,
        ) as window:  # fmt: skip
            until_quiet(received, window)
            window.send_signal(signal.SIGTERM)
            _, complaints = window.communicate(timeout=240)
    assert (window.returncode, complaints) == (0, "")
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in received.messages]
    subjects = [str(mail["subject"]) for mail in mails]
    assert any("port scan" in subject.lower() for subject in subjects), subjects
    assert 3 <= len(mails) <= 10, subjects
    assert set(received.logins) == {(USER, PASSWORD)}
    for mail in mails:
        parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk()}
        assert parts["image/png"].startswith(b"\x89PNG\r\n\x1a\n")
        with zipfile.ZipFile(io.BytesIO(parts["application/zip"])) as archive:
            for line in archive.read(MANIFEST).decode().splitlines():
                digest, name = line.split("  ")
                assert hashlib.sha256(archive.read(name)).hexdigest() == digest
            packets = json.loads(archive.read(WHY))["packets"]
            (tmp_path / CAPTURE).write_bytes(archive.read(CAPTURE))
        assert packets > 0
        if shutil.which("tshark"):
            command = ["tshark", "-r", str(tmp_path / CAPTURE), "-T", "fields", "-e", "frame.number"]
            told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
            assert len(told.stdout.split()) == packets
