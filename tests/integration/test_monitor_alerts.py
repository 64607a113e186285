"""`monitor --alerts`: mails of a run without a window bring evidence whose scores reproduce."""

from __future__ import annotations

import email
import email.policy
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.helpers.mail_server import PASSWORD, USER, mail_server, make_authority
from trafficdesk.evidence.opening import opened
from trafficdesk.evidence.verifying import Verification
from trafficdesk.settings import MailSettings, Settings
from trafficdesk.settings import file as settings_file

if TYPE_CHECKING:
    from pathlib import Path


def test_mails_of_a_monitor_have_packets_models_and_a_picture(tmp_path: Path) -> None:
    """Each holds packets, a picture, and scores that follow from the models in it, the last one's as well."""
    files = make_authority(tmp_path)
    with mail_server(files) as (port, received):
        mail = MailSettings(
            server="localhost",
            port=port,
            user=USER,
            sender="watch@example.com",
            recipients=("owner@example.com",),
        )
        settings_file.save(Settings(mail=mail))
        done = subprocess.run(
            [sys.executable, "-m", "trafficdesk", "monitor", "--sample", "--alerts"],
            env=os.environ | {"SSL_CERT_FILE": str(files.authority), "TRAFFICDESK_SMTP_PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert len(received.messages) >= 3
    for raw in received.messages:
        parts = {part.get_content_type(): part for part in email.message_from_bytes(raw).walk()}
        assert parts["image/png"].get_payload(decode=True).startswith(b"\x89PNG")
        path = tmp_path / "e.zip"
        path.write_bytes(parts["application/zip"].get_payload(decode=True))
        evidence = opened(path)
        assert evidence.packets > 0
        verification = Verification.of(evidence.recording)
        assert verification.compared > 0
        assert verification.holds
        assert verification.largest_difference == 0.0
