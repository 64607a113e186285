"""`trafficdesk history`: what was recorded, in words and as JSON."""

from __future__ import annotations

import json

import pytest

from tests.helpers.stored import NOON_S, NS, random_batch
from trafficdesk.cli import main
from trafficdesk.cli.history import BadSpan, span_of
from trafficdesk.packets.address import pack_address
from trafficdesk.paths import data_dir
from trafficdesk.settings import HistorySettings
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.history import Span
from trafficdesk.store.keeping import FILE, Keeping
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.schema import MODEL, NAME, NOTE

SINCE = ["--since", "2026-01-01", "--until", "2030-01-01"]


@pytest.fixture
def recorded() -> None:
    keeping = Keeping(HistorySettings(), data_dir(), lambda _server, _user: "")
    keeping.recorder.begin("eth0")
    keeping.recorder.add(random_batch(2_000, 1))
    assert keeping.close()


@pytest.mark.usefixtures("recorded")
def test_what_was_recorded_is_told(capsys):
    """Sums, addresses and conversations of the span."""
    assert main(["history", *SINCE]) == 0
    out = capsys.readouterr().out
    assert "2,000 packets" in out
    assert "10.0.0." in out


@pytest.mark.usefixtures("recorded")
def test_as_json(capsys):
    """Every part is there for scripts, of all and of one host."""
    assert main(["history", *SINCE, "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["packets"] == sum(one["packets"] for one in told["protocols"].values()) == 2_000
    assert len(told["captures"]) == 1
    assert main(["history", *SINCE, "--host", "10.0.0.3", "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["low"] for one in told["conversations"]} | {one["high"] for one in told["conversations"]} > {
        "10.0.0.3"
    }
    assert told["over_time"][0]["sent_packets"] > 0


@pytest.mark.usefixtures("recorded")
def test_names_are_told(capsys):
    """Beside the addresses, and of a host with where they are known from; what is hostile in them is made visible."""
    database = Database(file_url(data_dir() / FILE))
    parcel = Parcel()
    for number in range(1, 41):
        parcel.add_row(
            NAME, 7, pack_address(f"10.0.0.{number}"), "desk\x1b[31m.example", "mDNS", 5 * NS, 6 * NS
        )
    with database.transaction() as connection:
        parcel.write(database, connection)
    database.close()
    assert main(["history", *SINCE]) == 0
    out = capsys.readouterr().out
    assert "[31m.example" in out
    assert "\x1b" not in out
    assert main(["history", *SINCE, "--host", "10.0.0.3"]) == 0
    assert "mDNS" in capsys.readouterr().out
    assert main(["history", *SINCE, "--host", "10.0.0.3", "--json", "-"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["names"]
    assert (told["source"], told["first_ns"], told["last_ns"]) == ("mDNS", 5 * NS, 6 * NS)


@pytest.mark.usefixtures("recorded")
def test_what_was_learned_and_said_is_told(capsys):
    """How often a model was fitted, and how many labels and rules hold; what was taken back is not counted."""
    database = Database(file_url(data_dir() / FILE))
    parcel = Parcel()
    for number in (1, 2):
        parcel.add_row(MODEL, 7, 1, number, NOON_S * NS + number, 5_000 + number, 20, 0)
    for number, kind, removed in ((1, "label", False), (2, "rule", False), (3, "rule", True)):
        parcel.add_row(NOTE, 7, kind, str(number), '{"number": 1}', 5, removed)
    with database.transaction() as connection:
        parcel.write(database, connection)
    database.close()
    assert main(["history", *SINCE]) == 0
    out = capsys.readouterr().out
    assert "Model: 2 fits, the last" in out
    assert "of 5,002 packets" in out
    assert "You said: 1 label, 1 rule" in out
    assert main(["history", *SINCE, "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["rows"] for one in told["models"]] == [5_002, 5_001]
    assert sorted(one["removed"] for one in told["notes"]) == [False, False, True]


def test_nothing_recorded_is_no_error(capsys):
    """A first look at an empty history."""
    assert main(["history"]) == 0
    told = capsys.readouterr().out
    assert "0 packets" in told
    assert "Addresses by bytes\n  none\n" in told


@pytest.mark.parametrize(
    "arguments", [["--last", "soon"], ["--since", "never"], ["--since", "2030-01-01"], ["--host", "nobody"]]
)
def test_what_can_t_be_understood_is_said(arguments, capsys):
    """Wrong usage: exit code 2 and a sentence."""
    assert main(["history", *arguments]) == 2
    assert capsys.readouterr().err


def test_spans():
    """Backwards from now, or as named."""
    assert span_of("90m", None, None, NOON_S) == Span(NOON_S - 5_400, NOON_S)
    assert span_of("7d", None, None, NOON_S) == Span(NOON_S - 604_800, NOON_S)
    with pytest.raises(BadSpan):
        span_of("1y", None, None, NOON_S)


def test_a_server_out_of_reach_is_the_environments_fault(monkeypatch, capsys):
    """Exit code 3, cause and remedy."""
    from trafficdesk.settings import Settings
    from trafficdesk.settings.file import save

    save(Settings(history=HistorySettings(url="mysql+pymysql://desk@127.0.0.1:9/none")))
    monkeypatch.setenv("TRAFFICDESK_HISTORY_PASSWORD", "secret-word")
    assert main(["history"]) == 3
    err = capsys.readouterr().err
    assert "out of reach" in err
    assert "secret-word" not in err
