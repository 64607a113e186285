"""Many captures: one process, many and a Dask cluster tell the same; interruptions, broken files and dead workers cost
nothing but themselves.

`TRAFFICDESK_MANY_FILES=1000` makes the folder as large as the promise.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.helpers.collected import analyze, command, environment, scanning_capture, small_captures
from tests.helpers.dask_cluster import two_workers
from trafficdesk.cli import main
from trafficdesk.paths import data_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = int(os.environ.get("TRAFFICDESK_MANY_FILES", "80"))
FEW = 40
needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the Python package distributed is not installed"
)
no_signals = pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small captures, one with a scan, one compressed, one cut short, one empty, and a file that is none."""
    top = tmp_path_factory.mktemp("captures")
    made = small_captures(top, FEW)
    (top / "deep").mkdir()
    (top / "deep" / "packed.pcap.gz").write_bytes(gzip.compress(made[3].read_bytes()))
    (top / "deep" / "cut.pcap").write_bytes(made[1].read_bytes()[:1_500])
    (top / "deep" / "empty.pcap").touch()
    (top / "deep" / "read me").write_text("nothing to see here")
    scanning_capture(top / "deep" / "scan.pcap")
    return top


@pytest.fixture(scope="module")
def expected(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The JSON of one process, one file after another."""
    out = tmp_path_factory.mktemp("out") / "one.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAFFICDESK_HOME", str(tmp_path_factory.mktemp("home")))
        done = analyze(folder, "--jobs", 1, "--json", out)
    assert done.returncode == 4, done.stderr
    return out.read_bytes()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with two_workers(tmp_path_factory.mktemp("cluster")) as where:
        yield where


@needs_dask
def test_one_process_many_and_a_cluster_tell_the_same(tmp_path: Path, address: str) -> None:
    """Byte by byte, of as many files as are wanted, with what the person's threat lists have of them."""
    small_captures(tmp_path / "captures", MANY)
    _drop_threat_list()
    told = []
    for where in (("--jobs", 1), ("--jobs", 2), ("--scheduler", address)):
        out = tmp_path / "out.json"
        done = analyze(tmp_path / "captures", *where, "--json", out)
        assert done.returncode == 0, done.stderr
        told.append(out.read_bytes())
    assert told[0] == told[1]
    assert told[0] == told[2]
    summary = json.loads(told[0])
    assert summary["file_counts"] == {"complete": MANY, "no_captures": 0}
    assert {hit["entry"] for hit in summary["threats"]} == {"198.51.100.0/24"}


def test_what_a_folder_holds_is_told(folder: Path, expected: bytes, tmp_path: Path) -> None:
    """Broken files are said and stop nobody; files are in order; incidents are those of their file."""
    out = tmp_path / "pool.json"
    done = analyze(folder, "--jobs", 2, "--json", out)
    assert out.read_bytes() == expected
    assert done.returncode == 4
    assert "cut.pcap is broken at byte" in done.stderr
    assert "empty.pcap is empty" in done.stderr
    told = json.loads(expected)
    assert told["file_counts"] == {"complete": FEW + 2, "partial": 1, "unreadable": 1, "no_captures": 1}
    assert [one["file"] for one in told["files"]] == sorted(one["file"] for one in told["files"])
    scans = [
        one for one in told["files"] for incident in one["incidents"] if incident["family"] == "port scan"
    ]
    assert "scan.pcap" in [Path(one["file"]).name for one in scans]


@needs_dask
@no_signals
def test_a_killed_dask_worker_changes_nothing(
    folder: Path, expected: bytes, tmp_path: Path, address: str
) -> None:
    """kill -9 of a worker at work: the others do its files, and the result is the same."""
    out = tmp_path / "dask.json"
    run = subprocess.Popen(
        command(folder, "--scheduler", address, "--json", out, "--resume", tmp_path / "kept"),
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    _wait_for_lines(tmp_path / "kept" / "done.jsonl", 5)
    port = int(address.rpartition(":")[2])
    _dask_worker(port).kill()
    _, complaints = run.communicate(timeout=240)
    assert run.returncode == 4, complaints
    assert out.read_bytes() == expected


@needs_dask
def test_a_file_that_is_not_there_on_the_cluster_is_said(tmp_path: Path, address: str) -> None:
    """A worker without the file, or with another one by its name, says so in a sentence."""
    program = (
        "import sys, json\n"
        "from trafficdesk.cli.collection.cluster import on_cluster\n"
        "from trafficdesk.cli.collection.task import Conditions, Task\n"
        "from trafficdesk.detect.corrections import Corrections\n"
        "from trafficdesk.settings import DetectionSettings\n"
        "tasks = [Task(sys.argv[2], 5), Task(sys.argv[2] + '.absent', 5)]\n"
        "found = on_cluster(tasks, Conditions(DetectionSettings(), Corrections()), sys.argv[1])\n"
        "print(json.dumps({task.path: outcome['fault'] for task, outcome in found}))\n"
    )
    (tmp_path / "a.pcap").write_bytes(b"another")
    done = subprocess.run(
        [sys.executable, "-c", program, address, str(tmp_path / "a.pcap")],
        capture_output=True, text=True, timeout=240, check=True, env=environment(),
    )  # fmt: skip
    found = json.loads(done.stdout)
    here, absent = found[str(tmp_path / "a.pcap")], found[str(tmp_path / "a.pcap") + ".absent"]
    assert "7 bytes instead of 5" in here
    assert "is not there" in absent


@needs_dask
def test_no_cluster_is_one_sentence(folder: Path) -> None:
    """Nobody listens there: cause, remedy, exit code of the environment, nothing told."""
    done = analyze(folder, "--scheduler", "tcp://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("trafficdesk: There is no Dask scheduler at tcp://127.0.0.1:1. Start one")
    assert len(done.stderr.splitlines()) == 1


def test_without_dask_its_installation_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The optional package is missing: one sentence of cause, one of remedy."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["analyze", str(folder), "--scheduler", "tcp://127.0.0.1:1"]) == 3
    assert "pip install distributed" in capsys.readouterr().err


@no_signals
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_where_it_was(
    folder: Path, expected: bytes, tmp_path: Path, kind: signal.Signals
) -> None:
    """Ctrl-C and kill -9: what is done is not done again, and the result is that of one run."""
    kept, out = tmp_path / "kept", tmp_path / "out.json"
    run = subprocess.Popen(
        command(folder, "--jobs", 2, "--resume", kept, "--json", out), env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    done_before = _wait_for_lines(kept / "done.jsonl", 10)
    children = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(kind)
    _, complaints = run.communicate(timeout=240)
    _gone, alive = psutil.wait_procs(children, 30)
    assert not alive
    if kind is not signal.SIGKILL:
        assert run.returncode == 130
        assert "the same command goes on from here" in complaints
        assert json.loads(out.read_bytes())["file_counts"]["stopped"] > 0
    again = analyze(folder, "--jobs", 2, "--resume", kept, "--json", out)
    assert again.returncode == 4
    assert out.read_bytes() == expected
    before = int(again.stderr.split(" of ")[0].replace(",", ""))
    assert before >= done_before - 1
    assert "were done before" in again.stderr


@no_signals
def test_a_killed_process_of_the_pool_changes_nothing(folder: Path, expected: bytes, tmp_path: Path) -> None:
    """kill -9 of one of two processes at work: its file is tried again, and the result is the same."""
    kept, out = tmp_path / "kept", tmp_path / "out.json"
    run = subprocess.Popen(
        command(folder, "--jobs", 2, "--resume", kept, "--json", out), env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    _wait_for_lines(kept / "done.jsonl", 10)
    workers = [one for one in psutil.Process(run.pid).children() if "spawn_main" in " ".join(one.cmdline())]
    workers[0].kill()
    _, complaints = run.communicate(timeout=240)
    assert run.returncode == 4, complaints
    assert out.read_bytes() == expected


def test_each_file_is_told_as_if_it_were_alone(folder: Path, tmp_path: Path) -> None:
    """`--separate` on one file: what `analyze FILE --json` tells of it, but for times and tables."""
    _drop_threat_list()
    scan, alone, apart = folder / "deep" / "scan.pcap", tmp_path / "alone.json", tmp_path / "apart.json"
    assert analyze(scan, "--json", alone).returncode == 0
    assert analyze(scan, "--separate", "--json", apart).returncode == 0
    whole = json.loads(alone.read_bytes())
    (one,) = json.loads(apart.read_bytes())["files"]
    for key in set(one) - {"file", "status", "fault"}:
        assert one[key] == whole[key], key
    assert one["incidents"]
    assert one["threats"]
    assert {"protocols", "latency_ms", "flagged", "unscored", "threats"} < set(one)


def test_several_files_stay_one_capture(folder: Path, tmp_path: Path) -> None:
    """`analyze A B` reads them one after another, as it always did."""
    out = tmp_path / "out.json"
    assert main(["analyze", str(folder / "0000.pcap"), str(folder / "0001.pcap"), "--json", str(out)]) == 0
    told = json.loads(out.read_bytes())
    assert "files" not in told
    assert told["packets"] == 60


def test_hostile_names_are_inert(tmp_path: Path) -> None:
    """A file's name that steers terminals, spreadsheets and browsers does nothing in any output."""
    name = "=HYPERLINK(1)\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}<script>|x\n.pcap"
    there = tmp_path / "captures"
    there.mkdir()
    scanning_capture(there / name)
    outputs: dict[str, Any] = {kind: tmp_path / f"out.{kind}" for kind in ("csv", "html", "json", "i.csv")}
    done = analyze(
        ".", "--jobs", 2, "--files-csv", outputs["csv"], "--report", outputs["html"], "--json", outputs["json"],
        "--incidents-csv", outputs["i.csv"], cwd=there,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = {kind: path.read_text() for kind, path in outputs.items()} | {
        "terminal": done.stdout + done.stderr
    }
    for kind, text in written.items():
        assert not {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(text), kind
    assert "<script>" not in written["html"]
    assert "&lt;script&gt;" in written["html"]
    assert json.loads(written["json"])["files"][0]["file"] == f"./{name}"
    for kind in ("csv", "i.csv"):
        rows = list(csv.DictReader(written[kind].splitlines()))
        assert {row["file"] for row in rows} == {"./=HYPERLINK(1)\\x1b[31m\\u202e<script>|x\\x0a.pcap"}
    assert analyze(name, "--separate", "--files-csv", "-", cwd=there).stdout.splitlines()[1].startswith("'=")


def test_the_report_names_files_and_incidents(folder: Path, tmp_path: Path) -> None:
    """HTML, Markdown and PDF: every file, what is wrong with it, whose incident it is, and all of them over time."""
    for suffix in ("html", "md", "pdf"):
        out = tmp_path / f"report.{suffix}"
        analyze(folder / "deep", "--jobs", 1, "--report", out)
        if suffix == "pdf":
            assert out.read_bytes().startswith(b"%PDF")
            continue
        page = out.read_text()
        words = (
            "scan.pcap",
            "port scan",
            "packed.pcap.gz",
            "empty.pcap is empty",
            "1 partial",
            "Volume over time",
        )
        for word in words:
            assert word in page, word


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--packets-csv", "-"), "--packets-csv is of one capture"),
        (("--explain", "all"), "--explain is of one capture"),
        (("--scheduler", "x", "--jobs", 2), "Say one of them"),
        (("--report", "x.doc"), "Name a file ending in"),
    ],
)
def test_what_does_not_fit_is_wrong_usage(
    folder: Path, more: tuple[object, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said at once, before anything is analysed."""
    assert main(["analyze", str(folder), *map(str, more)]) == 2
    assert why in capsys.readouterr().err


def test_a_folder_without_captures_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unreadable input, in one sentence."""
    assert main(["analyze", str(tmp_path)]) == 4
    assert "There is no capture in" in capsys.readouterr().err


def _drop_threat_list() -> None:
    """Into the home of this test: a network that the sample talks with."""
    (data_dir() / "threat-lists").mkdir(parents=True)
    (data_dir() / "threat-lists" / "mine.txt").write_text("198.51.100.0/24\n")


def _wait_for_lines(path: Path, lines: int) -> int:
    """Until so many lines are in a file that somebody writes."""
    for _ in range(2_000):
        if path.exists() and (count := path.read_bytes().count(b"\n")) > lines:
            return count
        time.sleep(0.03)
    raise AssertionError(f"nothing happens in {path}")


def _dask_worker(scheduler_port: int) -> psutil.Process:
    """One of the workers connected to that scheduler: a child of a child of the process that listens there."""
    for process in psutil.process_iter():
        try:
            listens = any(
                one.status == psutil.CONN_LISTEN and one.laddr.port == scheduler_port
                for one in process.net_connections("tcp")
            )
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
        if listens:
            return next(one for one in process.children() if "spawn_main" in " ".join(one.cmdline()))
    raise AssertionError("nobody listens there")
