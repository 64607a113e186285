"""The spool on disk: a folder per capture, pcapng pieces in it, and a marker while its owner lives.

Every file under a piece's name is complete and valid at any moment, because it was written under a hidden name and
renamed. A piece is named after the flushes it holds: when a crash leaves a merged piece beside those it was merged
from, the names tell which are duplicates. The marker is locked by its owner: whoever can lock it has found a capture
whose program died.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.paths import data_dir, lock, private_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)

MARKER: Final = ".running.json"
_PART: Final = ".part"
_NAME: Final = re.compile(r"trafficdesk-(\d{8,})-(\d{8,})-(\d+)\.pcapng")
_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A pcapng file of the spool."""

    path: Path
    first: int
    """Number of its first flush."""
    last: int
    frames: int
    size: int
    """Bytes on disk."""
    modified_ns: int
    """When its last frame was written, nanoseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A capture whose program died; its frames are there."""

    folder: Path
    title: str
    """What was captured on, as a person knows it; hostile until escaped."""
    frames: int
    start_ns: int
    stop_ns: int
    pieces: tuple[Piece, ...]
    """In order of capture."""


class Marker:
    """Says of a folder that its capture lives, until `release` or the end of this process, however it ends."""

    def __init__(self, folder: Path, title: str) -> None:
        self.path = folder / MARKER
        self._file = os.fdopen(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600), "w+b")
        if not lock(self._file):
            self._file.close()
            raise BlockingIOError(f"{self.path} belongs to another capture")
        said = {"title": title, "started_ns": time.time_ns(), "pid": os.getpid()}
        self._file.write(json.dumps(said).encode())
        self._file.flush()

    def release(self) -> None:
        """The capture ended cleanly."""
        with contextlib.suppress(OSError):
            self.path.unlink()
        self._file.close()


def spool_dir() -> Path:
    """Where all captures' folders lie."""
    return data_dir() / "spool"


def new_folder(root: Path, started_s: float) -> Path:
    """A folder of its own for a capture that begins now, for its owner only.

    Raises
    ------
    OSError
        If it can't be made.
    """
    private_dir(root)
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started_s))
    for suffix in ("", *(f"-{number}" for number in range(2, 1_000))):
        with contextlib.suppress(FileExistsError):
            (root / f"{name}{suffix}").mkdir(mode=0o700)
            return root / f"{name}{suffix}"
    raise FileExistsError(f"too many captures began at {name}")


def piece_name(first: int, last: int, frames: int) -> str:
    """Name of the piece that holds flushes `first` to `last`."""
    return f"trafficdesk-{first:08d}-{last:08d}-{frames}.pcapng"


def part_name(first: int, last: int) -> str:
    """Hidden name under which a piece is written."""
    return f".{first:08d}-{last:08d}{_PART}"


def pieces_in(folder: Path) -> tuple[list[Piece], list[Path]]:
    """A folder's pieces in order of capture, and what may be deleted: unfinished files and duplicates."""
    pieces, rubbish = [], []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if found := _NAME.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    about = entry.stat(follow_symlinks=False)
                    first, last, frames = map(int, found.groups())
                    pieces.append(Piece(path, first, last, frames, about.st_size, about.st_mtime_ns))
            elif entry.name.endswith(_PART):
                rubbish.append(path)
    # The longer of two that begin together comes first: it holds the other.
    pieces.sort(key=lambda piece: (piece.first, -piece.last))
    kept: list[Piece] = []
    for piece in pieces:
        if kept and piece.last <= kept[-1].last:
            rubbish.append(piece.path)
        else:
            kept.append(piece)
    return kept, rubbish


def abandoned_captures(root: Path) -> list[Abandoned]:
    """Captures whose program died, newest first; what their crash left half-done is cleared away."""
    found = []
    for folder in sorted(_folders(root), reverse=True):
        with _dead_owner(folder) as said:
            if said is None:
                continue
            pieces, rubbish = pieces_in(folder)
            for path in rubbish:
                _delete(path)
            frames = sum(piece.frames for piece in pieces)
            if not frames:
                discard(folder)
                continue
            start_ns = said.get("started_ns")
            title = said.get("title")
            stop_ns = max(piece.modified_ns for piece in pieces)
            found.append(
                Abandoned(
                    folder,
                    title if isinstance(title, str) else "",
                    frames,
                    start_ns if isinstance(start_ns, int) and start_ns < stop_ns else stop_ns,
                    stop_ns,
                    tuple(pieces),
                )
            )
    return found


def accept(folder: Path) -> None:
    """The person has seen that this capture was abandoned; it is not offered again."""
    _delete(folder / MARKER)


def discard(folder: Path) -> None:
    """Delete a capture's folder."""
    shutil.rmtree(folder, ignore_errors=True)


def trim(
    root: Path, own: Path | None, *, max_bytes: int, max_age_s: float, own_pieces: Sequence[Piece] = ()
) -> list[Path]:
    """Delete the oldest pieces over all captures until caps hold; other living captures are only counted.

    Parameters
    ----------
    own : folder of the capture under way.
    own_pieces : those of its pieces that may go; the caller deletes them.

    Returns
    -------
    list of Path
        Pieces out of `own_pieces` that have to go.
    """
    total = sum(piece.size for piece in pieces_in(own)[0]) if own else 0
    candidates = list(own_pieces)
    for folder in _folders(root):
        if folder == own:
            continue
        pieces, _ = pieces_in(folder)
        total += sum(piece.size for piece in pieces)
        if not is_alive(folder):
            candidates += pieces
    candidates.sort(key=lambda piece: piece.modified_ns)
    oldest_ns = time.time_ns() - round(max_age_s * _SECOND_NS)
    mine = []
    for piece in candidates:
        if total <= max_bytes and piece.modified_ns >= oldest_ns:
            break
        total -= piece.size
        if piece.path.parent == own:
            mine.append(piece.path)
        else:
            _delete(piece.path)
    for folder in {piece.path.parent for piece in candidates} - {own}:
        if not pieces_in(folder)[0]:
            discard(folder)
    return mine


def is_alive(folder: Path) -> bool:
    """Whether a running program, this one included, is capturing into `folder`."""
    try:
        with (folder / MARKER).open("rb") as file:
            return not lock(file)
    except OSError:
        return False


def _folders(root: Path) -> list[Path]:
    try:
        return [root / entry.name for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


@contextlib.contextmanager
def _dead_owner(folder: Path) -> Iterator[dict[str, object] | None]:
    """What the marker of a dead capture says; None = there is none, or its owner lives."""
    try:
        file = (folder / MARKER).open("rb")
    except OSError:
        yield None
        return
    with file:
        if not lock(file):
            yield None
            return
        try:
            said = json.loads(file.read())
        except ValueError:
            said = {}
        yield said if isinstance(said, dict) else {}


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:  # Windows: somebody reads it
        _log.debug("%s stays: %s", path, error)
