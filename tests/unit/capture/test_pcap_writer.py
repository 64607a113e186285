from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.pcap_writer import PcapngWriter, write_pcapng
from trafficdesk.capture.source import Frame

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = (
    Frame(b"\x01" * 60, 1_700_000_000_123_456_789, 60, 1),
    Frame(b"\x02" * 61, 0, 1_514, 1),
    Frame(b"", 7_258_118_399_999_999_999, 9, 113),
    Frame(b"\x03\x04\x05", 1, 3, 1),
)


def read_back(path: Path) -> list[Frame]:
    with CaptureFile(path) as capture:
        return [
            Frame(
                block.frame(row),
                int(block.timestamps_ns[row]),
                int(block.wire_lengths[row]),
                int(block.link_types[row]),
            )
            for block in capture.blocks()
            for row in range(len(block))
        ]


def test_what_is_written_is_read(tmp_path):
    """Bytes, nanoseconds, wire lengths and link types survive, any length of frame and several link types."""
    path = tmp_path / "written.pcapng"
    with path.open("wb") as stream:
        assert write_pcapng(stream, FRAMES) == len(FRAMES)
    assert read_back(path) == list(FRAMES)


def test_cuts_to_the_snap_length(tmp_path):
    """A snap length keeps the beginning of a frame and its length on the wire."""
    path = tmp_path / "cut.pcapng"
    with path.open("wb") as stream:
        write_pcapng(stream, FRAMES[:1], snap_length=21)
    (frame,) = read_back(path)
    assert (frame.data, frame.wire_length) == (b"\x01" * 21, 60)


def test_file_without_frames_is_a_file(tmp_path):
    """An empty capture is readable; comment and application do not disturb."""
    path = tmp_path / "empty.pcapng"
    with path.open("wb") as stream:
        PcapngWriter(stream, application="a test", comment="nothing in it")
    assert read_back(path) == []


@pytest.mark.parametrize("frame", [Frame(b"", -1, 0, 1), Frame(b"", 0, 0, 65_536)])
def test_refuses_what_the_format_cannot_say(frame):
    """A time before 1970 or a link type beyond 16 bits is the caller's mistake, and nothing is written of it."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    size = stream.tell()
    with pytest.raises(ValueError, match="can't be written"):
        writer.write(frame)
    assert stream.tell() == size
