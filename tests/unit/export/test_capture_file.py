"""Saved captures: the frames asked for, in order, with interfaces and comments; what is missing is counted."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.capture_bytes import enhanced, interface, pcap, section
from tests.helpers.wire import ARP_REPLY, HTTP_GET, TCP_SYN, UDP_TICK, block_of
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.detect.findings import FindingLog
from trafficdesk.errors import ExportError
from trafficdesk.export.capture_file import SavedCapture, save_capture
from trafficdesk.export.rows_csv import Stopped
from trafficdesk.packets.notes import PacketNotes

FRAMES = [TCP_SYN, HTTP_GET, ARP_REPLY, UDP_TICK]


class Flagging(FindingLog):
    """Findings that know one packet."""

    def flagged_between(self, first_id: int, stop_id: int) -> np.ndarray:
        return np.array([number for number in (1, 3) if first_id <= number < stop_id], np.int64)

    def sentence_of(self, packet_id: int) -> str:
        return f"because of {packet_id}"


def opened(path: Path, content: bytes) -> CaptureFile:
    path.write_bytes(content)
    file = CaptureFile(path)
    for _ in file.blocks():
        pass
    return file


def read(path: Path) -> list[tuple[bytes, int, int, int]]:
    """(bytes, time, wire length, interface) of each frame."""
    with CaptureFile(path) as file:
        return [
            (block.frame(row), int(block.timestamps_ns[row]), int(block.wire_lengths[row]), int(block.interfaces[row]))
            for block in file.blocks()
            for row in range(len(block))
        ]  # fmt: skip


def test_an_opened_file_is_saved_as_it_was(tmp_path: Path) -> None:
    """Every frame with time, wire length and interface name, whatever the format it came in."""
    with opened(tmp_path / "x", pcap(*FRAMES)) as file:
        saved = save_capture(tmp_path / "y.pcapng", file, range(4))
    assert saved == SavedCapture(str(tmp_path / "y.pcapng"), 4, 0)
    assert [frame[:3] for frame in read(tmp_path / "y.pcapng")] == [
        frame[:3] for frame in read(tmp_path / "x")
    ]
    two = section() + interface() + interface(101) + enhanced(TCP_SYN, 5, number=1) + enhanced(HTTP_GET, 6)
    with opened(tmp_path / "two", two) as file:
        assert file.interfaces == ("eth0", "eth0")
        save_capture(tmp_path / "z.pcapng", file, np.array([0, 1]))
    with CaptureFile(tmp_path / "z.pcapng") as file:
        (block,) = file.blocks()
        assert file.interfaces == ("eth0", "eth0")
        assert block.link_types.tolist() == [101, 1]
        assert block.timestamps_ns.tolist() == [5_000, 6_000]


def test_chosen_packets_only_and_the_missing_counted(tmp_path: Path) -> None:
    """In order; those no longer kept are said."""
    recent = RecentFrames(1 << 20, lambda: ("eth0",))
    recent.add(block_of(*FRAMES, first_id=10))
    saved = save_capture(tmp_path / "x.pcapng", recent, np.array([2, 10, 12, 13, 99]))
    assert (saved.frames, saved.missing) == (3, 2)
    assert [frame[0] for frame in read(tmp_path / "x.pcapng")] == [TCP_SYN, ARP_REPLY, UDP_TICK]
    nothing = save_capture(tmp_path / "none.pcapng", recent, range(3))
    assert (nothing.frames, nothing.missing) == (0, 3)
    assert read(tmp_path / "none.pcapng") == []


@pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")
def test_tshark_reads_the_same_count_and_the_comments(tmp_path: Path) -> None:
    """Flagged packets say why; the others say nothing; the interface has its name."""
    recent = RecentFrames(1 << 20, lambda: ("eth0",))
    recent.add(block_of(*FRAMES))
    path = tmp_path / "x.pcapng"
    save_capture(path, recent, range(4), findings=Flagging())
    command = ["tshark", "-r", path, "-T", "fields", "-e", "frame.comment", "-e", "frame.interface_name"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert said == ["\teth0", "because of 1\teth0", "\teth0", "because of 3\teth0"]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")
def test_tshark_reads_what_a_person_noted(tmp_path: Path) -> None:
    """A comment as it was written, a mark in words, both before the reason of a flagged packet, which is said once."""
    recent = RecentFrames(1 << 20, lambda: ("eth0",))
    recent.add(block_of(*FRAMES))
    notes = PacketNotes()
    notes.set_comment(np.array([0, 1]), "the printer, ünlike the others")
    notes.toggle(np.array([2]))
    notes.read(0, {3: ("because of 3",)})  # the capture was saved before
    path = tmp_path / "x.pcapng"
    save_capture(path, recent, range(4), findings=Flagging(), notes=notes)
    command = ["tshark", "-r", path, "-T", "json", "-e", "frame.comment"]
    packets = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    said = [packet["_source"]["layers"]["frame.comment"] for packet in packets]
    assert said == [
        ["the printer, ünlike the others"],
        ["the printer, ünlike the others", "because of 1"],
        ["Marked in TrafficDesk"],
        ["because of 3"],
    ]


def test_it_can_be_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    """Neither the file nor a part of it."""
    recent = RecentFrames(1 << 20)
    recent.add(block_of(*FRAMES))
    with pytest.raises(Stopped):
        save_capture(tmp_path / "x.pcapng", recent, range(4), stop=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    """Cause and remedy."""
    recent = RecentFrames(1 << 20)
    recent.add(block_of(*FRAMES))
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(ExportError, match="No space left") as raised:
        save_capture("/dev/full", recent, range(4))
    assert raised.value.hint
    shares: list[float] = []
    save_capture(tmp_path / "x.pcapng", recent, range(4), progress=shares.append)
    assert shares == [0.75]
