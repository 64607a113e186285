"""`frame.comment`: Wireshark's field, over what the file and a person say of packets."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.traffic import decoded
from tests.helpers.wire import TCP_SYN, block_of
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.errors import BadDisplayFilter
from trafficdesk.export.capture_file import save_capture
from trafficdesk.packets.display_filter import compile_filter, filter_for_value
from trafficdesk.packets.notes import PacketNotes
from trafficdesk.session import AnalysisSession

if TYPE_CHECKING:
    from pathlib import Path

SAID = {0: ("the printer",), 2: ("a scan", "the Printer again"), 4: ('quoted "so"',)}
EXPRESSIONS = [
    "frame.comment", "!frame.comment", 'frame.comment == "the printer"', 'frame.comment != "a scan"',
    'frame.comment contains "rinter"', 'frame.comment matches "^the p"', 'not frame.comment contains "scan"',
    'frame.comment === "a scan"', 'frame.comment !== "a scan"', 'frame.comment == "quoted \\"so\\""',
    'any frame.comment contains "a"', 'all frame.comment contains "a"', 'frame.comment in {"a scan", "x"}',
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    frames, notes = RecentFrames(1 << 20), PacketNotes()
    frames.add(block_of(*[TCP_SYN] * 6))
    notes.read(0, SAID)
    save_capture(tmp_path / "x.pcapng", frames, range(6), notes=notes)
    return tmp_path / "x.pcapng"


def _session(path: Path) -> AnalysisSession:
    session = AnalysisSession(200_000)
    session.begin()
    with CaptureFile(path) as file:
        for block in file.blocks():
            session.ingest(decode(block))
    return session


@pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_means_what_tshark_means(path: Path, expression: str) -> None:
    """Of packets as they come from the file, and of the log's rows later."""
    command = ["tshark", "-r", path, "-Y", expression, "-T", "fields", "-e", "frame.number"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=240).stdout
    theirs = [int(number) - 1 for number in said.split()]
    session = _session(path)
    wanted = compile_filter(expression, identities=session.log.identities)
    assert session.log.select(wanted.mask).tolist() == theirs
    with CaptureFile(path) as file:
        batch = decode(next(file.blocks()))
    assert np.flatnonzero(compile_filter(expression).mask(batch)).tolist() == theirs


def test_what_a_person_says_is_found() -> None:
    """At once, and no more when it is taken back."""
    session = AnalysisSession(200_000)
    session.begin()
    session.ingest(decoded(20))
    wanted = compile_filter('frame.comment contains "odd"', identities=session.log.identities)
    session.comment(np.array([3, 7]), "odd one")
    assert session.log.select(wanted.mask).tolist() == [3, 7]
    session.comment(np.array([3]), "")
    assert session.log.select(wanted.mask).tolist() == [7]
    session.begin()
    session.ingest(decoded(20))
    again = compile_filter("frame.comment", identities=session.log.identities)
    assert session.log.select(again.mask).tolist() == []


def test_it_is_compared_with_text_alone() -> None:
    """What is not supported says so; "Apply as filter" quotes."""
    for expression in ("frame.comment > 3", 'lower(frame.comment) == "a"', "frame.comment == frame.comment"):
        with pytest.raises(BadDisplayFilter):
            compile_filter(expression)
    assert filter_for_value("frame.comment", 'a "b"') == 'frame.comment == "a \\"b\\""'
