"""Comments of packets in pcapng files: read, bounded, and kept when the capture is saved."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.capture_bytes import enhanced, interface, obsolete, option, pcap, read, section, simple
from tests.helpers.wire import ARP_REPLY, TCP_SYN, UDP_TICK
from trafficdesk.capture import pcap_file
from trafficdesk.capture.formats.pcapng_comments import comment_spans
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.export.capture_file import save_capture
from trafficdesk.packets.notes import MARKED_WORDS, NoteFlag
from trafficdesk.session import AnalysisSession

if TYPE_CHECKING:
    from pathlib import Path

COMMENT, FLAGS, END = 1, 2, 0


def commented(*texts: str, order: str = "<", frame: bytes = TCP_SYN) -> bytes:
    """A packet block with other options around its comments."""
    options = option(FLAGS, bytes(4), order)
    options += b"".join(option(COMMENT, text.encode(), order) for text in texts)
    return enhanced(frame, 5, order=order, options=options + option(END, b"", order))


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_comment_of_every_packet(tmp_path: Path, order: str) -> None:
    """Several, in either byte order, with a frame of any length before them, over sections and blocks of every kind."""
    content = (
        section(order)
        + interface(order=order)
        + commented("one", "two", order=order)
        + enhanced(UDP_TICK, order=order)
        + simple(ARP_REPLY, order=order)
        + obsolete(TCP_SYN, order=order)
        + commented("wofür? ☂", order=order, frame=TCP_SYN[:-1])
        + section(order)
        + interface(order=order)
        + commented("of the second section", order=order, frame=TCP_SYN[:-3])
    )
    for at_once in (100, 2):
        blocks, fault = read(tmp_path / "x", content, max_frames=at_once)
        assert fault is None
        said = {block.first_id + row: texts for block in blocks for row, texts in block.comments.items()}
        assert said == {0: ("one", "two"), 4: ("wofür? ☂",), 5: ("of the second section",)}
    assert not read(tmp_path / "x", pcap(TCP_SYN))[0][0].comments


@given(st.lists(st.binary(max_size=24), max_size=6), st.booleans())
def test_options_of_any_bytes_stay_inside_their_block(options: list[bytes], big_endian: bool) -> None:
    """Whatever lengths they claim, no comment reaches beyond the bytes of its packet's options."""
    data = np.frombuffer(b"".join(options) + bytes(8), np.uint8)
    stops = np.cumsum([len(one) for one in options]).astype(np.int64)
    starts = stops - np.array([len(one) for one in options], np.int64)
    for row, first, length in comment_spans(data, starts, stops, big_endian=big_endian).tolist():
        assert starts[row] <= first < first + length <= stops[row]


def test_endless_options_are_not_walked_to_their_end(tmp_path: Path) -> None:
    """A packet with very many options, and one with a comment of broken UTF-8."""
    many = option(FLAGS, b"") * 10_000 + option(COMMENT, b"behind them all")
    broken = option(COMMENT, b"\xff\xfe\x1b[2J\0")
    content = section() + interface() + enhanced(TCP_SYN, options=many) + enhanced(TCP_SYN, options=broken)
    blocks, fault = read(tmp_path / "x", content)
    assert fault is None
    assert blocks[0].comments == {1: ("\ufffd\ufffd\x1b[2J",)}
    oversized = struct.pack("<HH", COMMENT, 60_000) + b"short"
    blocks, fault = read(tmp_path / "x", section() + interface() + enhanced(TCP_SYN, options=oversized))
    assert (fault, len(blocks[0]), blocks[0].comments) == (None, 1, {})


def test_more_than_there_is_room_for_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are kept, the others counted, however often the file is read."""
    monkeypatch.setattr(pcap_file, "MOST_COMMENT_BYTES", 1_000)
    path = tmp_path / "x"
    path.write_bytes(section() + interface() + commented("x" * 10) * 20)
    with CaptureFile(path) as file:
        for _ in range(2):
            kept = sum(len(block.comments) for block in file.blocks(7))
            assert 0 < kept < 20
            assert kept + file.comments_left_out == 20


def ingested(path: Path) -> AnalysisSession:
    """A session with the file's packets, in two parts."""
    session = AnalysisSession(200_000)
    session.begin()
    with CaptureFile(path) as file:
        for block in file.blocks():
            batch = decode(block)
            for part in (batch.slice(0, 2), batch.slice(2, len(batch))):
                session.ingest(part)
    return session


def test_comments_survive_being_opened_and_saved(tmp_path: Path) -> None:
    """Each as one of its own; what a person adds or changes, too; a mark is a mark again."""
    path, again = tmp_path / "x.pcapng", tmp_path / "y.pcapng"
    path.write_bytes(
        section() + interface() + commented("one", "two\nlines") + commented() + commented("three") * 2
    )
    session = ingested(path)
    ids = np.arange(4)
    assert session.notes.comments(0) == ("one", "two\nlines")
    assert session.log.column("mark", ids).tolist() == [
        NoteFlag.COMMENTED,
        0,
        NoteFlag.COMMENTED,
        NoteFlag.COMMENTED,
    ]
    session.toggle_marks(np.array([0, 1]))
    session.comment(np.array([0]), session.notes.comment(0))  # confirmed, unchanged
    session.comment(np.array([2]), "changed")
    session.comment(np.array([3]), "")
    with CaptureFile(path) as file:
        list(file.blocks())
        save_capture(again, file, range(4), notes=session.notes)
    with CaptureFile(again) as file:
        (block,) = file.blocks()
    assert block.comments == {0: ("one", "two\nlines", MARKED_WORDS), 1: (MARKED_WORDS,), 2: ("changed",)}
    reopened = ingested(again)
    assert reopened.notes.comments(0) == ("one", "two\nlines")
    assert reopened.notes.marked.tolist() == [0, 1]
    assert reopened.log.column("mark", ids).tolist() == [3, 1, 2, 0]
