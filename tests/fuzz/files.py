"""Capture files as they are opened: written to disk, read block by block and frame by frame."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from trafficdesk.packets.block import FrameBlock

_BLOCK_FRAMES: Final = 5
"""Few, so that small files have several blocks."""
_LOOKED_AT: Final = 8
"""Blocks whose frames are read one by one."""
_LONGEST_NAME: Final = 256


def check_capture_file(data: bytes) -> Iterable[Hashable]:
    """Any file is frames in order and at most one fault; however it is read, each frame is the same."""
    path = _folder() / "input"
    path.write_bytes(data)
    met: list[Hashable] = []
    said: dict[int, tuple[str, ...]] = {}
    file = None
    try:
        file = CaptureFile(path)
        for block in file.blocks():
            met += [(int(block.link_types[0]), min(len(block), 6), int(block.interfaces.max()))]
            met += [("comments", min(len(texts), 3)) for texts in block.comments.values()]
            said.update({block.first_id + row: texts for row, texts in block.comments.items()})
            assert all(0 <= row < len(block) for row in block.comments)
            assert int(block.interfaces.max()) <= max(0, len(file.interfaces) - 1)
        assert file.progress == 1.0
    except BadCaptureFile as fault:
        met.append(_said(fault))
    if file is not None:
        with file:
            _check_again(file, said)
            assert all(len(name) <= _LONGEST_NAME for name in file.interfaces)
    return met


def _said(fault: BadCaptureFile) -> str:
    """The sentence without its numbers."""
    assert fault.title.isprintable()
    return "".join(letter for letter in fault.title if not letter.isdigit())


def _check_again(file: CaptureFile, said: dict[int, tuple[str, ...]]) -> None:
    """Read once more, a few frames at a time, and each of these alone."""
    read = 0
    try:
        for block in islice(file.blocks(_BLOCK_FRAMES), _LOOKED_AT):
            assert block.first_id == read
            assert 0 < len(block) <= _BLOCK_FRAMES
            _check_frames(file, block)
            for row in range(len(block)):
                assert block.comments.get(row) == said.get(read + row)
            read += len(block)
    except BadCaptureFile:
        assert file.frame(read) is None


def _check_frames(file: CaptureFile, block: FrameBlock) -> None:
    for row in range(len(block)):
        frame = file.frame(block.first_id + row)
        assert frame is not None
        assert frame.data == block.frame(row)
        assert frame.timestamp_ns == int(block.timestamps_ns[row])
        assert frame.link_type == int(block.link_types[row])
        assert len(frame.data) == int(block.captured_lengths[row])
        assert int(block.wire_lengths[row]) >= 0


@functools.cache
def _folder() -> Path:
    """Removed when the process ends; where libFuzzer ends it, by whoever gave the folder that it lies in."""
    folder = tempfile.mkdtemp(prefix="fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
