"""`monitor --alerts`: mails of a run without a window bring evidence whose scores reproduce."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.helpers.mail_server import PASSWORD, USER, mail_server, make_authority
from tests.helpers.monitoring import monitoring
from tests.helpers.namespaces import cable, inside, needs_namespaces
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.evidence.opening import opened
from trafficdesk.evidence.verifying import Verification
from trafficdesk.export.evidence import evidence_ids
from trafficdesk.settings import CaptureSettings, MailSettings, Settings
from trafficdesk.settings import file as settings_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.helpers.analysed import Analysed
    from trafficdesk.evidence.opening import Opened


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
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert len(received.messages) >= 3
    for raw in received.messages:
        assert evidence_in(raw, tmp_path).packets > 0


@pytest.mark.root
@needs_namespaces
@pytest.mark.parametrize("spool", [True, False], ids=["on disk", "in memory"])
def test_a_scan_on_a_cable_is_mailed_with_its_packets(
    tmp_path: Path, analysed_sample: Analysed, monkeypatch: pytest.MonkeyPatch, *, spool: bool
) -> None:
    """Live, the mail brings the very frames that went over the cable, wherever frames are kept."""
    session, scan = analysed_sample.session, analysed_sample.incident("port scan")
    ids = evidence_ids(session.log, scan)
    sent = [block.frame(row) for _, block in analysed_sample.file.kept(ids) for row in range(len(block))]
    files = make_authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files.authority))
    monkeypatch.setenv("TRAFFICDESK_SMTP_PASSWORD", PASSWORD)
    with cable() as wire:
        wire.ip("link", "set", "lo", "up")
        with inside(wire.near), mail_server(files) as (port, received):
            mail = MailSettings(
                server="localhost",
                port=port,
                user=USER,
                sender="watch@example.com",
                recipients=("owner@example.com",),
                evidence_wait_s=2,
            )
            settings_file.save(Settings(mail=mail, capture=CaptureSettings(spool=spool)))
            with monitoring(wire, "--alerts") as process:
                wire.send(*sent)
                deadline = time.monotonic() + 60
                while not received.messages and time.monotonic() < deadline:
                    time.sleep(0.1)
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=240)
    evidence = evidence_in(received.messages[0], tmp_path)
    assert evidence.incident.family == "port scan"
    assert evidence.packets > 100
    with CaptureFile(tmp_path / "out.pcapng") as file:
        kept = [block.frame(row) for block in file.blocks() for row in range(len(block))]
    assert len(kept) == evidence.packets
    whole = set(sent)
    assert all(any(frame.startswith(one) for frame in whole) for one in set(kept))


def evidence_in(raw: bytes, folder: Path) -> Opened:
    """Of a mail, opened; its packets are in `out.pcapng`."""
    parts = {part.get_content_type(): part for part in email.message_from_bytes(raw).walk()}
    assert parts["image/png"].get_payload(decode=True).startswith(b"\x89PNG")
    path = folder / "e.zip"
    path.write_bytes(parts["application/zip"].get_payload(decode=True))
    evidence = opened(path, folder / "out.pcapng")
    verification = Verification.of(evidence.recording)
    assert verification.compared > 0
    assert verification.holds
    assert verification.largest_difference == 0.0
    return evidence
