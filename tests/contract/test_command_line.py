"""The command line from outside: commands, exit codes, columns and keys are promises."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.paths import sample_capture


def _frames(path: Path) -> int:
    with CaptureFile(path) as file:
        return sum(map(len, file.blocks()))


ROWS = _frames(sample_capture())
PACKET_COLUMNS = [
    "number",
    "timestamp_ns",
    "length",
    "captured_length",
    "link",
    "source_mac",
    "destination_mac",
    "vlan",
    "network",
    "source",
    "destination",
    "transport",
    "source_port",
    "destination_port",
    "protocol",
    "tcp_flags",
    "ttl",
    "info",
    "status",
    "tunnel",
    "inner_source",
    "inner_destination",
    "inner_source_port",
    "inner_destination_port",
]
ANALYSIS_COLUMNS = [
    "score", "flagged", "incident", "family", "reason", "program", "program_source", "host", "host_source",
    "threat_list", "threat_entry",
]  # fmt: skip
INCIDENT_COLUMNS = [
    "id",
    "family",
    "start_ns",
    "end_ns",
    "culprit",
    "peers",
    "packets",
    "severity",
    "sentence",
    "threat",
]
SUMMARY_KEYS = {
    "packets", "bytes", "first_ns", "last_ns", "protocols", "top_sources", "top_destinations", "unique_ip", "unique_mac",
    "throughput_bps", "latency_ms", "incidents", "flagged", "dropped", "unscored", "seconds", "version", "seed",
}  # fmt: skip


def trafficdesk(
    *arguments: str | Path, timeout: float = 120, **more: object
) -> subprocess.CompletedProcess[str]:
    """Run the command as a shell would, and check that nothing is ever a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "trafficdesk", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
        **more,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.fixture(scope="module")
def cut_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, broken off in the middle of a packet."""
    path = tmp_path_factory.mktemp("captures") / "cut.pcapng"
    whole = sample_capture().read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 3])
    return path


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with everything `analyze` writes about the sample."""
    folder = tmp_path_factory.mktemp("analysed")
    done = trafficdesk(
        "analyze", sample_capture(), "--seed", "7",
        "--packets-csv", folder / "packets.csv", "--incidents-csv", folder / "incidents.csv",
        "--json", folder / "summary.json", "--report", folder / "report.html",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder


def test_version_and_help() -> None:
    """Both answer on stdout; help names the commands that exist and no others."""
    version = trafficdesk("--version")
    assert (version.returncode, version.stdout.split()[0]) == (0, "trafficdesk")
    told = trafficdesk("--help")
    assert told.returncode == 0
    for command in ("packets", "analyze", "monitor", "interfaces", "self-test", "--screenshot"):
        assert command in told.stdout
    for command in ("report", "history", "train", "classify"):
        assert trafficdesk(command, "x").returncode != 0 or command not in told.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["packets"],
        ["packets", "x", "--no-such-option"],
        ["analyze"],
        ["analyze", "x", "--seed", "one"],
        ["monitor", "--count", "0"],
        ["monitor", "--duration", "-1"],
        ["analyze", "x", "--report", "page.doc"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    """Wrong usage says what is wrong on stderr, and writes nothing on stdout."""
    done = trafficdesk(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_packets_summary() -> None:
    """Without CSV: packets, bytes, protocols, status and rate for a person, no progress bar in a pipe."""
    done = trafficdesk("packets", sample_capture())
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{ROWS:,} packets" in done.stdout
    for words in ("protocols: ", "DNS ", "status: complete", "packets/s"):
        assert words in done.stdout


def test_packets_csv_has_the_promised_columns() -> None:
    """One row per frame in file order, on standard output and in a file alike."""
    done = trafficdesk("packets", sample_capture(), "--csv", "-")
    rows = table(done.stdout)
    assert list(rows[0]) == PACKET_COLUMNS
    assert [row["number"] for row in rows] == [str(number) for number in range(1, ROWS + 1)]
    assert {row["status"] for row in rows} <= {"complete", "truncated", "malformed", "unsupported"}
    assert "\r" not in done.stdout


def test_packets_csv_to_a_file_is_the_same(tmp_path: Path) -> None:
    """A path gets the same bytes, and a summary is on stdout instead."""
    path = tmp_path / "rows.csv"
    done = trafficdesk("packets", sample_capture(), "--csv", path)
    assert done.returncode == 0
    assert f"{ROWS:,} packets" in done.stdout
    assert path.read_text(encoding="utf-8") == trafficdesk("packets", sample_capture(), "--csv", "-").stdout


def test_gzip_reads_the_same(tmp_path: Path) -> None:
    """A compressed capture gives the same rows."""
    path = tmp_path / "sample.pcapng.gz"
    path.write_bytes(gzip.compress(sample_capture().read_bytes(), 1))
    assert (
        trafficdesk("packets", path, "--csv", "-").stdout
        == trafficdesk("packets", sample_capture(), "--csv", "-").stdout
    )


def test_display_filter_keeps_numbers() -> None:
    """Filtered rows are those of the capture with their own numbers; the summary counts them only."""
    rows = table(trafficdesk("packets", sample_capture(), "--csv", "-").stdout)
    expected = [
        row
        for row in rows
        if row["transport"] == "UDP" and "53" in (row["source_port"], row["destination_port"])
    ]
    found = table(
        trafficdesk("packets", sample_capture(), "--csv", "-", "--display-filter", "udp.port == 53").stdout
    )
    assert found == expected
    assert len(found) > 100
    summary = trafficdesk("packets", sample_capture(), "--display-filter", "udp.port == 53").stdout
    assert f"{len(expected):,} packets" in summary


def test_bad_display_filter_is_2() -> None:
    """A filter that can't be understood is wrong usage, with the reason."""
    done = trafficdesk("packets", sample_capture(), "--display-filter", "tcp.port ==")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("trafficdesk: ")


def test_broken_capture_is_4_with_what_could_be_read(cut_capture: Path, tmp_path: Path) -> None:
    """All rows before the fault are written, and byte and packet are named."""
    path = tmp_path / "rows.csv"
    done = trafficdesk("packets", cut_capture, "--csv", path)
    assert done.returncode == 4
    rows = table(path.read_text(encoding="utf-8"))
    assert 1_000 < len(rows) < ROWS
    told = done.stderr.replace(",", "")
    assert str(len(rows)) in told
    assert "byte" in told


@pytest.mark.parametrize("content", [b"", b"no capture at all", b"\x0a\x0d\x0d\x0a" + b"\xff" * 40])
@pytest.mark.parametrize("command", ["packets", "analyze"])
def test_no_capture_is_4(tmp_path: Path, content: bytes, command: str) -> None:
    """Garbage is one sentence of cause and one of remedy."""
    path = tmp_path / "x.pcap"
    path.write_bytes(content)
    done = trafficdesk(command, path)
    assert done.returncode == 4
    assert done.stderr.startswith("trafficdesk: ")


def test_missing_file_is_4(tmp_path: Path) -> None:
    """A file that is not there is named."""
    done = trafficdesk("packets", tmp_path / "none.pcap")
    assert done.returncode == 4
    assert "none.pcap" in done.stderr


def test_unwritable_target_is_3(tmp_path: Path) -> None:
    """A folder that is not there, or a full disk, is the environment's fault, and nothing is left behind."""
    for target in (tmp_path / "no" / "x.csv", *([Path("/dev/full")] if Path("/dev/full").exists() else [])):
        done = trafficdesk("packets", sample_capture(), "--csv", target)
        assert done.returncode == 3
        assert "can't be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or not shutil.which("sh"), reason="needs a shell with pipes")
def test_reader_that_leaves_is_no_failure() -> None:
    """`| head` ends the command quietly."""
    command = (
        f'"{sys.executable}" -m trafficdesk packets "{sample_capture()}" --csv - | head -2; echo done >&2'
    )
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=240, check=False)
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == "done\n"


def test_analyze_packets_csv(analysed: Path) -> None:
    """Packets' columns and analysis' columns; flags, incidents, families and reasons belong together."""
    rows = table((analysed / "packets.csv").read_text(encoding="utf-8"))
    assert list(rows[0]) == PACKET_COLUMNS + ANALYSIS_COLUMNS
    assert len(rows) == ROWS
    summary = json.loads((analysed / "summary.json").read_text(encoding="utf-8"))
    assert sum(row["flagged"] == "1" for row in rows) == summary["flagged"] > 100
    assert all(row["reason"] for row in rows if row["flagged"] == "1")
    assert not any(row["reason"] for row in rows if row["flagged"] == "0")
    known = {str(incident["id"]) for incident in summary["incidents"]}
    assert {row["incident"] for row in rows} - {""} == known
    # Nothing is known before the first model, which needs 256 rows: only rules may score.
    assert all(row["score"] == "" or row["flagged"] == "1" for row in rows[:256])


def test_analyze_summary(analysed: Path) -> None:
    """Every promised key, and numbers that agree with the rows."""
    summary = json.loads((analysed / "summary.json").read_text(encoding="utf-8"))
    assert set(summary) >= SUMMARY_KEYS
    assert (summary["packets"], summary["seed"], summary["unscored"]) == (ROWS, 7, 0)
    rows = table((analysed / "packets.csv").read_text(encoding="utf-8"))
    assert summary["bytes"] == sum(int(row["length"]) for row in rows)
    times = [int(row["timestamp_ns"]) for row in rows]
    assert (summary["first_ns"], summary["last_ns"]) == (min(times), max(times))
    assert sum(share["packets"] for share in summary["protocols"].values()) == ROWS
    ip_rows = [row for row in rows if row["network"] in {"IPv4", "IPv6"}]
    assert summary["unique_ip"] == len({row[name] for row in ip_rows for name in ("source", "destination")})
    macs = {row[name] for row in rows for name in ("source_mac", "destination_mac")} - {""}
    assert summary["unique_mac"] == len(macs)
    assert len(summary["top_sources"]) <= 20
    assert set(summary["seconds"]) == {"read", "decode", "features", "detect", "total"}
    assert all(value >= 0 for value in summary["seconds"].values())


def test_analyze_incidents(analysed: Path) -> None:
    """CSV and JSON tell the same incidents."""
    rows = table((analysed / "incidents.csv").read_text(encoding="utf-8"))
    incidents = json.loads((analysed / "summary.json").read_text(encoding="utf-8"))["incidents"]
    assert incidents
    assert list(rows[0]) == INCIDENT_COLUMNS
    assert [(row["id"], row["family"], row["culprit"], row["packets"]) for row in rows] == [
        (str(item["id"]), item["family"], item["culprit"], str(item["packets"])) for item in incidents
    ]
    assert all(0 <= item["severity"] <= 100 and item["reasons"] for item in incidents)
    assert "<html" in (analysed / "report.html").read_text(encoding="utf-8")


def test_analyze_is_deterministic(analysed: Path, tmp_path: Path) -> None:
    """The same seed on the same packets gives the same bytes."""
    again = tmp_path / "packets.csv"
    assert trafficdesk("analyze", sample_capture(), "--seed", "7", "--packets-csv", again).returncode == 0
    assert again.read_bytes() == (analysed / "packets.csv").read_bytes()


def test_analyze_reads_several_files_and_goes_on_after_a_broken_one(
    cut_capture: Path, tmp_path: Path
) -> None:
    """Rows are numbered through; a broken file costs exit code 4 and nothing else."""
    rows_path, json_path = tmp_path / "rows.csv", tmp_path / "summary.json"
    done = trafficdesk("analyze", cut_capture, cut_capture, "--packets-csv", rows_path, "--json", json_path)
    assert done.returncode == 4
    assert done.stderr.count("trafficdesk: ") == 2
    rows = table(rows_path.read_text(encoding="utf-8"))
    assert [row["number"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert json.loads(json_path.read_text(encoding="utf-8"))["packets"] == len(rows)
    assert rows[0]["timestamp_ns"] == rows[len(rows) // 2]["timestamp_ns"]


def test_json_on_standard_output_stands_alone(cut_capture: Path) -> None:
    """`--json -` writes nothing else to stdout, even of a broken file."""
    done = trafficdesk("analyze", cut_capture, "--json", "-")
    assert json.loads(done.stdout)["packets"] > 0


def test_a_poor_console_is_no_failure(cut_capture: Path) -> None:
    """Signs that the console's encoding lacks are written as their numbers."""
    done = trafficdesk("analyze", cut_capture, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 4
    assert "\\u2264" in done.stdout


def test_interfaces() -> None:
    """Table and JSON name the same interfaces."""
    listed, told = trafficdesk("interfaces"), trafficdesk("interfaces", "--json", "-")
    assert (listed.returncode, told.returncode) == (0, 0)
    for interface in json.loads(told.stdout)["interfaces"]:
        assert interface["name"] in listed.stdout
        assert isinstance(interface["permitted"], bool)


def test_monitor_of_no_interface_is_3() -> None:
    """An interface that does not exist is named, with a remedy."""
    done = trafficdesk("monitor", "--interface", "nosuch0", "--duration", "1")
    assert done.returncode == 3
    assert done.stdout == ""


def test_monitor_shows_the_sample_and_ends(tmp_path: Path) -> None:
    """Without permission the sample stands in: everything is analysed, plain lines in a pipe, a summary at the end."""
    path = tmp_path / "summary.json"
    done = trafficdesk("monitor", "--sample", "--json", path)
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert set(summary) >= SUMMARY_KEYS
    assert (summary["packets"], summary["unscored"], summary["dropped"]) == (
        ROWS,
        0,
        {"kernel": 0, "queue": 0, "disk": 0},
    )
    assert "\x1b" not in done.stdout
    assert f"{ROWS:,} packets" in done.stdout


@pytest.mark.parametrize("module", ["packets", "analyze", "monitor", "interfaces", "self_test"])
def test_no_command_loads_what_it_does_not_need(module: str) -> None:
    """No command imports Qt; none imports pandas, scapy or scikit-learn before it is used."""
    code = (
        f"import sys, trafficdesk.cli.{module}\n"
        "heavy = {'PySide6', 'pyqtgraph', 'sklearn', 'pandas', 'scapy', 'scipy', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=True
    )
    assert done.stdout == "[]\n"
