"""`self_test`: every family's made-up incident goes the whole way, and what does not work is said."""

from __future__ import annotations

import json
import multiprocessing
import smtplib
from email.message import EmailMessage

import pytest

from trafficdesk.capture.synthetic.drill import DRILL
from trafficdesk.cli.arguments import main
from trafficdesk.detect.rules import RULES
from trafficdesk.self_test import Stopped, run_trial, run_trial_apart, trial
from trafficdesk.self_test.mail_sink import MailSink


def test_the_whole_path_works(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """A line for each family with delay, reason and mail; lists, mails and exports beside them; no alert in the log."""
    assert main(["self-test", "--json", "-"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["passed"] is True
    families = {line["family"]: line for line in card["lines"] if line["family"]}
    assert families.keys() == {rule.family for rule in RULES}
    for line in families.values():
        assert line["delay_s"] >= 0
        assert line["reason"]
        assert line["mail"].startswith("[TrafficDesk] ")
    assert not [record for record in caplog.records if record.getMessage().startswith("alert:")]
    others = {line["name"] for line in card["lines"] if not line["family"]}
    assert others == {"Decoding", "Learning", "No false alarm", "Threat lists", "E-mail", "Export"}


def test_what_is_not_found_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that has gone blind for one family, and a rule without a drill, fail their lines alone."""
    monkeypatch.setattr(
        trial, "DRILL", tuple(one for one in DRILL if one.family in {"arp sweep", "port scan"})
    )
    monkeypatch.setattr(
        trial, "_is_same", lambda incident, truth: truth.family == "arp sweep" == incident.family
    )
    card = run_trial()
    assert not card.passed
    lines = {line.family: line for line in card.lines if line.family}
    assert lines["arp sweep"].passed
    assert "not found at 192.168.1.60" in lines["port scan"].words
    assert lines["beacon"].words == "no drill has been written for it"


def test_apart_it_is_the_same_and_leaves_nobody_behind() -> None:
    """In a process of its own, with another for the analysis; both end when nobody wants to know any more."""
    told: list[float] = []
    with pytest.raises(Stopped):
        run_trial_apart(told.append, lambda: bool(told))
    assert 0 <= told[0] <= 1
    assert not multiprocessing.active_children()
    card = run_trial_apart(told.append, lambda: False)
    assert card.passed, card
    assert not multiprocessing.active_children()


def test_mails_are_kept_as_they_were_sent() -> None:
    """Lines that begin with a full stop, more than one mail, a client that says what is not known; on loopback alone."""
    message = EmailMessage()
    message["Subject"] = "one"
    message.set_content("first\n.second\n..\n")
    with MailSink() as sink:
        assert sink.address[0] == "127.0.0.1"
        for _ in range(2):
            with smtplib.SMTP("127.0.0.1", sink.address[1], local_hostname="here", timeout=10) as client:
                assert client.docmd("VRFY", "me")[0] == 502
                client.send_message(message, "a@b.invalid", ["c@d.invalid"])
        port = sink.address[1]
    assert len(sink.messages) == 2
    assert sink.messages[0].replace(b"\r\n", b"\n").endswith(b"first\n.second\n..\n")
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("127.0.0.1", port, local_hostname="here", timeout=10)
