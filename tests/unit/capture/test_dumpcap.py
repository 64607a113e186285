"""`DumpcapSource`: what Wireshark's dumpcap captures arrives whole; its refusals are our sentences; it always ends."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.namespaces import cable, needs_namespaces, within
from tests.helpers.wire import ARP_REQUEST, HTTP_GET, TCP_SYN, UDP_6
from trafficdesk.capture import dumpcap_program
from trafficdesk.capture.dumpcap import DumpcapSource
from trafficdesk.capture.dumpcap_words import dropped_of, dumpcap_arguments, first_sentence, open_error
from trafficdesk.errors import BadCaptureFilter, CaptureError, InterfaceNotFound, PermissionDenied
from trafficdesk.settings.declared import CaptureSettings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere libpcap does this")
DUMPCAP = shutil.which("dumpcap") or ""
needs_dumpcap = pytest.mark.skipif(not DUMPCAP, reason="needs dumpcap")


def captured(source: DumpcapSource, frames: int) -> list[bytes]:
    found: list[bytes] = []
    deadline = time.monotonic() + 60
    while len(found) < frames and time.monotonic() < deadline:
        block = source.read(0.1)
        found += [bytes(block.frame(row)) for row in range(len(block))] if block is not None else []
    return found


def is_running(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def script(folder: Path, body: str) -> str:
    path = folder / "dumpcap"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.root
@needs_namespaces
@needs_dumpcap
def test_every_frame_arrives_and_dumpcap_ends() -> None:
    """As many as were sent, byte for byte, in order, with the time and interface of each."""
    sent = [TCP_SYN, HTTP_GET, UDP_6, ARP_REQUEST] * 500
    with cable() as wire:
        source = within(wire.near, lambda: DumpcapSource("v0", CaptureSettings(ring_mib=16), DUMPCAP))
        process = source._child.pid
        before = time.time_ns()
        wire.send(*sent)
        assert captured(source, len(sent)) == sent
        wire.send(TCP_SYN)
        block = None
        while block is None:
            block = source.read(1.0)
        assert before < int(block.timestamps_ns[0]) <= time.time_ns()
        assert source.interfaces == ("v0",)
        source.close()
        source.close()
    statistics = source.statistics()
    assert (statistics.received, statistics.dropped_kernel) == (len(sent) + 1, 0)
    assert not is_running(process)
    with pytest.raises(CaptureError, match="closed"):
        source.read(0)


@pytest.mark.root
@needs_namespaces
@needs_dumpcap
def test_filter_snap_length_and_any_are_passed_on() -> None:
    """dumpcap keeps what was asked for; "any" is all interfaces with cooked headers."""
    settings = CaptureSettings(capture_filter="tcp", snap_length=64, promiscuous=False, ring_mib=4)
    with cable() as wire:
        source = within(wire.near, lambda: DumpcapSource("v0", settings, DUMPCAP))
        wire.send(UDP_6, HTTP_GET, TCP_SYN)
        assert captured(source, 2) == [HTTP_GET[:64], TCP_SYN[:64]]
        source.close()
        source = within(wire.near, lambda: DumpcapSource("any", CaptureSettings(ring_mib=4), DUMPCAP))
        wire.send(TCP_SYN)
        (frame,) = captured(source, 1)
        assert frame.endswith(TCP_SYN[14:])
        source.close()


@pytest.mark.root
@needs_namespaces
@needs_dumpcap
def test_what_dumpcap_refuses_is_our_sentence() -> None:
    """Bad filters, interfaces that are down or not there; no child stays."""
    with cable() as wire:
        for name, expression, error, words in (
            ("v0", "tcp prot 4", BadCaptureFilter, "syntax error"),
            ("nope0", "", InterfaceNotFound, "nope0"),
            ("lo", "", CaptureError, "switched off"),
        ):
            if name == "lo":
                wire.ip("link", "set", "lo", "down")
            settings = CaptureSettings(capture_filter=expression)
            with pytest.raises(error, match=words):
                within(wire.near, lambda name=name, settings=settings: DumpcapSource(name, settings, DUMPCAP))


@pytest.mark.root
@needs_namespaces
@needs_dumpcap
def test_a_vanished_interface_ends_with_a_sentence() -> None:
    """Frames from before are delivered first."""
    with cable() as wire:
        source = within(wire.near, lambda: DumpcapSource("v0", CaptureSettings(ring_mib=4), DUMPCAP))
        wire.send(TCP_SYN)
        assert captured(source, 1) == [TCP_SYN]
        wire.ip("link", "del", "v0")

        def until_it_ends() -> None:
            while True:
                source.read(0.5)

        with pytest.raises(CaptureError, match="has gone"):
            within(wire.near, until_it_ends)
        source.close()
        assert not is_running(source._child.pid)


@pytest.mark.parametrize(
    "name", ["-", "1", "TCP@192.0.2.1:2002", "rpcap://192.0.2.1/eth0", "/tmp/pipe", "", "a\0b"]
)
def test_only_interfaces_are_named(name: str, tmp_path: Path) -> None:
    """To dumpcap those are pipes, places in a list and other computers: they never reach it."""
    program = script(tmp_path, f"touch {tmp_path}/ran")
    with pytest.raises(InterfaceNotFound):
        DumpcapSource(name, CaptureSettings(), program)
    assert not (tmp_path / "ran").exists()


def test_values_stand_after_their_options() -> None:
    """A hostile filter or name is a value, never an option or a second command."""
    settings = CaptureSettings(
        capture_filter="-w /etc/passwd; rm -rf /", snap_length=100, ring_mib=8, promiscuous=False
    )
    arguments = dumpcap_arguments("/usr/bin/dumpcap", "--help", settings)
    assert arguments[arguments.index("-f") + 1] == "-w /etc/passwd; rm -rf /"
    assert arguments[arguments.index("-i") + 1] == "--help"
    assert arguments[arguments.index("-w") + 1] == "-"
    assert arguments[-2] == "-f"
    assert "-p" in arguments


def test_a_program_that_writes_something_else_is_told(tmp_path: Path) -> None:
    """And one that says nothing but an error, or hangs on after being told to end, is ended."""
    program = script(
        tmp_path, "printf 'this is no capture file at all, it is prose of some length'; trap '' INT; sleep 60"
    )
    source = DumpcapSource("lo", CaptureSettings(), program)
    with pytest.raises(CaptureError, match="something else than a capture"):
        source.read(0.1)
    started = source._child.pid
    source.close()
    assert not is_running(started)
    with pytest.raises(CaptureError, match="oh no"):
        DumpcapSource("lo", CaptureSettings(), script(tmp_path, "echo 'dumpcap: oh no' >&2; exit 2"))
    with pytest.raises(CaptureError, match="can't be started"):
        DumpcapSource("lo", CaptureSettings(), str(tmp_path / "nothing"))


def test_its_words_become_ours() -> None:
    """The permission, the device and the filter, as dumpcap 4.0 words them; what it quotes can't steer a terminal."""
    denied = open_error(
        'dumpcap: You do not have permission to capture on device "lo".\n(socket: …)', "lo", ""
    )
    assert isinstance(denied, PermissionDenied)
    gone = open_error('dumpcap: There is no device named "x".\n(No such device exists)', "x", "")
    assert isinstance(gone, InterfaceNotFound)
    assert first_sentence("Capturing on 'Loopback: lo'\ndumpcap: Odd\x1b[2J.\n") == "Odd\\x1b[2J."
    assert first_sentence("") == "dumpcap ended without a word."


def test_the_count_of_dropped_frames_is_found() -> None:
    """isb_ifdrop of the last block; anything else counts none."""
    options = struct.pack("=HHQHHQHH", 4, 8, 1_000, 5, 8, 17, 0, 0)
    length = 24 + len(options)
    block = struct.pack("=IIIII", 5, length, 0, 0, 0) + options + struct.pack("=I", length)
    assert dropped_of(b"frames before" * 4 + block) == 17
    assert dropped_of(bytearray(block)) == 17
    for other in (b"", block[:-1], block[:-4] + b"\xff\xff\xff\xff", bytes(60)):
        assert dropped_of(other) == 0


@pytest.mark.parametrize(("code", "permitted"), [(0, True), (2, False)])
def test_whether_it_may_capture_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, permitted: bool
) -> None:
    """Asked every second by the window, it is run again only when it has changed."""
    program = script(tmp_path, f"echo $@ >> {tmp_path}/asked; exit {code}")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for _ in range(3):
        assert dumpcap_program.permitted_program() == (program if permitted else None)
    assert (tmp_path / "asked").read_text().splitlines() == ["-i any -L"]
    time.sleep(0.01)
    script(tmp_path, f"echo again >> {tmp_path}/asked; exit 0")
    assert dumpcap_program.permitted_program() == program
    assert len((tmp_path / "asked").read_text().splitlines()) == 2


def test_a_group_that_would_help_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where the program is there, for a group, and this user is not in it."""
    import grp

    program = Path(script(tmp_path, "exit 0"))
    monkeypatch.setattr(dumpcap_program, "_PLACES", str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert dumpcap_program.group_of_program() is None
    other = next(entry for entry in grp.getgrall() if entry.gr_gid)
    monkeypatch.setattr(dumpcap_program.os, "access", lambda _path, mode: mode == os.F_OK)
    real = Path.stat

    def owned(path: Path, **options: bool) -> os.stat_result:
        found = real(path, **options)
        return os.stat_result((0o100750, *found[1:5], other.gr_gid, *found[6:])) if path == program else found

    monkeypatch.setattr(Path, "stat", owned)
    assert dumpcap_program.group_of_program() == other.gr_name


def test_nobody_listens_where_no_interface_is(tmp_path: Path) -> None:
    """The name is looked up when it is used, not earlier."""
    taken = {name for _, name in socket.if_nameindex()}
    assert "trafficdesk9" not in taken
    with pytest.raises(InterfaceNotFound, match="trafficdesk9"):
        DumpcapSource("trafficdesk9", CaptureSettings(), script(tmp_path, "exit 0"))
