"""`trafficdesk report`: of a capture and of the history, in every form, and everything at once."""

from __future__ import annotations

import csv
import json

import pytest

from tests.helpers.stored import random_batch
from trafficdesk.cli import main
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.paths import data_dir, sample_capture
from trafficdesk.settings import HistorySettings
from trafficdesk.store.keeping import Keeping

SINCE = ["--since", "2026-01-01", "--until", "2030-01-01"]


def test_everything_of_a_capture(tmp_path, capsys):
    """`--all` writes report, charts and tables that agree with `analyze --json`; the PDF is made by our own process."""
    folder, summary = tmp_path / "all", tmp_path / "summary.json"
    assert main(["report", str(sample_capture()), "--all", str(folder)]) == 0
    assert main(["analyze", str(sample_capture()), "--json", str(summary)]) == 0
    told = json.loads(summary.read_text())
    page = (folder / "report.html").read_text()
    assert f"{told['packets']:,}" in page
    assert all(incident["culprit"] in page for incident in told["incidents"])
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    for chart in ("volume", "protocols", "lengths", "correlation"):
        assert (folder / f"{chart}.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / f"{chart}.svg").read_text().startswith("<svg")
    rows = list(csv.DictReader((folder / "over_time.csv").read_text().splitlines()))
    assert sum(int(row["packets"]) for row in rows) == told["packets"]
    assert sum(int(row["bytes"]) for row in rows) == told["bytes"]
    assert sum(int(row["flagged"]) for row in rows) == told["flagged"]
    pairs = list(csv.DictReader((folder / "conversations_ipv4.csv").read_text().splitlines()))
    assert len(pairs) == told["conversations"]["IPv4"]["total"]


def test_a_span_of_the_history(tmp_path):
    """What was recorded is counted whole; addresses and conversations are there."""
    keeping = Keeping(HistorySettings(), data_dir(), lambda _server, _user: "")
    keeping.recorder.begin("eth0")
    keeping.recorder.add(random_batch(2_000, 1))
    assert keeping.close()
    path = tmp_path / "report.md"
    assert main(["report", *SINCE, "-o", str(path)]) == 0
    page = path.read_text()
    assert "2,000 packets" in page
    assert "10.0.0." in page
    assert "## Conversations" in page
    assert "1 capture ran in this time" in page


def test_a_span_of_the_history_has_what_a_capture_has(tmp_path):
    """Lengths, devices, delays and hits on threat lists, each as a table, too; what is missing is said."""
    keeping = Keeping(HistorySettings(), data_dir(), lambda _server, _user: "")
    keeping.recorder.begin("eth0")
    batch = random_batch(2_000, 1)
    columns = {name: column.copy() for name, column in batch.columns.items()}
    columns["source_mac"][:] = 0x0200_5E00_0001
    keeping.recorder.add(PacketBatch(0, columns, batch.text))
    assert keeping.close()
    folder = tmp_path / "all"
    assert main(["report", *SINCE, "--all", str(folder)]) == 0
    page = (folder / "report.md").read_text()
    assert "02:00:5e:00:00:01" in page
    assert "1 devices" in page
    assert "- Latency: No handshake" in page
    assert (folder / "lengths.png").read_bytes().startswith(b"\x89PNG")
    lengths = list(csv.DictReader((folder / "packet_lengths.csv").read_text().splitlines()))
    assert sum(int(row["packets"]) for row in lengths) == 2_000
    assert "on threat lists" not in (folder / "report.html").read_text().lower().split("left out")[0]


def test_an_empty_history_is_no_error(tmp_path):
    """Nothing recorded: a page that says so, of every part that it does not have."""
    assert main(["report", "--last", "1h", "-o", str(tmp_path / "report.html")]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "Nothing. 0 packets" in page
    assert all(
        f"<li>{part}:" in page
        for part in ("Packet lengths", "Devices", "Latency", "On threat lists", "Model")
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["x.pcap"], ["x.pcap", "-o", "report.docx"], ["-o", "report.html"],
        ["x.pcap", "--last", "1h", "-o", "report.html"], ["--last", "soon", "-o", "report.html"],
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_wrong_usage(arguments, capsys):
    """One sentence of what is wrong and one of what helps; nothing is read or written."""
    assert main(["report", *arguments]) == 2
    assert capsys.readouterr().err.startswith("trafficdesk: ")


def test_a_broken_file_is_told_and_the_rest_written(tmp_path, capsys):
    """A file that can't be read is in the report's notes; the exit code says so, too."""
    broken, path = tmp_path / "broken.pcap", tmp_path / "report.md"
    broken.write_bytes(b"not a capture at all, not even nearly")
    assert main(["report", str(broken), str(sample_capture()), "-o", str(path)]) == 4
    assert "What could be read of it is told here" in path.read_text()
    assert "broken.pcap" in capsys.readouterr().err


def test_a_file_of_which_nothing_can_be_read_replaces_no_report(tmp_path, capsys):
    """A mistyped name is said; the page that was there stays."""
    page = tmp_path / "kept.html"
    page.write_text("of yesterday")
    assert (
        main(["report", str(tmp_path / "mistyped.pcap"), "-o", str(page), "--all", str(tmp_path / "all")])
        == 4
    )
    assert page.read_text() == "of yesterday"
    assert not (tmp_path / "all").exists()
    assert "mistyped.pcap" in capsys.readouterr().err
