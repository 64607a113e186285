"""The packaged program works from another folder, without the checkout; run by `python3 dev.py test` after the build."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.left import left_by_itself
from tests.helpers.xvfb import virtual_display

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = os.environ.get("TRAFFICDESK_PACKAGED", "")

pytestmark = pytest.mark.skipif(not PROGRAM, reason="no packaged build: TRAFFICDESK_PACKAGED names none")


def clean() -> dict[str, str]:
    """The environment without what would lead the program to the checkout."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "QT_", "VIRTUAL_ENV"))
    }


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=cwd,
        env=clean() | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The bundled sample as the program carries it."""
    bundled = next(Path(PROGRAM).parent.rglob("sample.pcapng"))
    return Path(shutil.copy(bundled, tmp_path / "capture.pcapng"))


def test_self_test_passes(tmp_path: Path) -> None:
    """The packaged program proves itself: sample, detection, export."""
    done = run("self-test", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_packets_export(tmp_path: Path, sample: Path) -> None:
    """The command line decodes and exports from another folder."""
    out = tmp_path / "packets.csv"
    done = run("packets", str(sample), "--csv", str(out), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as stream:
        assert sum(1 for _ in csv.DictReader(stream)) > 10_000


def test_a_model_is_trained_and_names_packets(tmp_path: Path, sample: Path) -> None:
    """The forest's and the model format's modules are there: what was trained classifies."""
    model, said = tmp_path / "model.trafficdesk", tmp_path / "classes.json"
    done = run("train", str(sample), "--by", "protocol", "--output", str(model), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("classify", str(sample), "--model", str(model), "--json", str(said), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(said.read_text())["packets"] > 10_000


def test_reports_of_a_capture_in_every_form(tmp_path: Path, sample: Path) -> None:
    """The PDF is printed by the program itself, which starts a second time without a window."""
    done = run("report", str(sample), "--all", str(tmp_path / "all"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    pdf = next((tmp_path / "all").glob("*.pdf"))
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert {".html", ".md", ".csv", ".png", ".svg"} <= {path.suffix for path in (tmp_path / "all").rglob("*")}


def test_window_opens_refits_and_shows(tmp_path: Path, sample: Path) -> None:
    """A real window under Xvfb opens the sample, the forest is refit, and a picture of it can be saved."""
    picture, measured = tmp_path / "window.png", tmp_path / "diagnostics.json"
    with virtual_display() as display:
        done, diagnostics = left_by_itself(
            [PROGRAM, sample, "--screenshot", picture],
            measured,
            lambda told: told["packets"] > 10_000 and told["refits"] >= 1,
            first_s=10,
            cwd=tmp_path,
            env=clean() | {"DISPLAY": display, "TRAFFICDESK_HOME": str(tmp_path / "home")},
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert diagnostics["packets"] > 10_000
    assert diagnostics["refits"] >= 1
    assert diagnostics["scored"] > 0
    assert picture.stat().st_size > 20_000


@pytest.mark.root
@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("setcap") is None,
    reason="needs root and setcap: the helper is given a capability",
)
def test_nobody_captures_through_the_helper_that_carries_the_right() -> None:
    """The folder belongs to root, the helper alone has the capability, and a user without any captures."""
    folder = Path(tempfile.mkdtemp(prefix="trafficdesk-packaged-"))
    try:
        folder.chmod(0o755)
        installed = folder / "trafficdesk"
        subprocess.run(["cp", "-rl", Path(PROGRAM).parent, installed], check=True)
        helper = installed / "trafficdesk-capture-helper"
        # A file of its own: a hard link's capability would stay with what was built.
        shutil.copy(helper, folder / "copy")
        (folder / "copy").replace(helper)
        home = folder / "home"
        home.mkdir()
        os.chown(home, 65_534, 65_534)
        command = [installed / "trafficdesk", "interfaces", "--json", "-"]
        assert "helper" not in json.loads(as_nobody(command, home).stdout)["why"]
        given = subprocess.run(
            ["setcap", "cap_net_raw=ep", helper], capture_output=True, text=True, check=False
        )
        if given.returncode:
            pytest.skip(f"no file capabilities here: {given.stderr.strip()}")
        told = json.loads(as_nobody(command, home).stdout)
        assert told["permitted"] is True
        assert "packaged helper" in told["why"]
        command = [
            installed / "trafficdesk",
            "monitor",
            "--interface",
            "lo",
            "--duration",
            "4",
            "--json",
            "-",
        ]
        with ping_loopback():
            done = as_nobody(command, home)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["packets"] >= 10
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="the helper is Linux's")
@pytest.mark.parametrize(
    "environment",
    [
        {"_PYI_ARCHIVE_FILE": PROGRAM},
        {"_PYI_ARCHIVE_FILE": PROGRAM, "_PYI_PARENT_PROCESS_LEVEL": "1", "_PYI_APPLICATION_HOME_DIR": "/tmp"},
        {"PYTHONPATH": "{planted}", "PYTHONSTARTUP": "{planted}/os.py", "PYTHONHOME": "{planted}"},
    ],
)
def test_the_helpers_environment_does_not_lead_it(tmp_path: Path, environment: dict[str, str]) -> None:
    """Whoever may run it with its right runs that one page: no other archive, no other modules."""
    for name in ("os", "struct", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('led astray')\n")
    done = subprocess.run(
        [Path(PROGRAM).with_name("trafficdesk-capture-helper"), "a", "b"],
        cwd=tmp_path,
        env={name: value.format(planted=tmp_path) for name, value in environment.items()},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "trafficdesk-capture-helper: usage: helper.py SOCKET\n")


def as_nobody(command: list[str | Path], home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            shutil.which("setpriv") or "setpriv",
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            "--inh-caps=-all",
            *command,
        ],
        cwd="/",
        env={"PATH": "/nonexistent", "HOME": str(home), "TRAFFICDESK_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@contextlib.contextmanager
def ping_loopback() -> Iterator[None]:
    """Ten datagrams a second to nobody's port."""
    ended = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not ended.wait(0.1):
                sender.sendto(b"x" * 50, ("127.0.0.1", 9))

    sending = threading.Thread(target=send)
    sending.start()
    try:
        yield
    finally:
        ended.set()
        sending.join()
