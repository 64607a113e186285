"""`Archive`: a zip read without believing it: our file names only, bounded, each as the manifest says.

The manifest shows that nothing was changed by accident or by a careless hand. Whoever changes a file with care can write
a new manifest, and gains a picture that TrafficDesk shows, no more.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zipfile
from typing import IO, TYPE_CHECKING, Final

from trafficdesk.evidence.bundle import SCORES
from trafficdesk.export.evidence import CAPTURE, MANIFEST, ROWS, WHY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST: Final = {
    CAPTURE: 2 << 30,
    ROWS: 512 << 20,
    WHY: 4 << 20,
    SCORES: 128 << 20,
    "page.html": 32 << 20,
    "chart.svg": 8 << 20,
    "chart.png": 32 << 20,
    MANIFEST: 4_096,
}
"""Bytes of each file at most; there are no others."""
_NEEDED: Final = (ROWS, WHY, MANIFEST)
_KEPT: Final = frozenset({WHY, SCORES})
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_END: Final = struct.Struct("<4s4H2LH")
"""End of central directory record (APPNOTE.TXT section 4.3.16), here always the last 22 bytes."""
_MOST_DIRECTORY: Final = 8_192
_ZIP64: Final = b"PK\x06\x07"
_PIECE: Final = 1 << 20
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([a-z.0-9]+)")


def verified(file: IO[bytes], capture: Path | None) -> tuple[dict[str, bytes], frozenset[str]]:
    """What is kept of the files, the manifest among it, and all their names.

    Parameters
    ----------
    capture : where the packets are written to, if there are some; left behind whatever comes.

    Raises
    ------
    ValueError and what `zipfile` raises
        If it is not as we write it, or not as its manifest says.
    """
    _check_end(file)
    with zipfile.ZipFile(file) as archive:
        infos = _checked(archive)
        kept = {MANIFEST: _whole(archive, MANIFEST)}
        sums = _sums(kept[MANIFEST])
        if set(sums) != infos - {MANIFEST}:
            raise ValueError("its files are not those of its manifest")
        for name, digest in sums.items():
            found, kept[name] = _hashed(archive, name, capture if name == CAPTURE else None)
            if found != digest:
                raise ValueError(f"{name} was changed after it was written")
    return kept, frozenset(infos)


def _checked(archive: zipfile.ZipFile) -> set[str]:
    """Names of its files."""
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if len(infos) != len(names) or not names <= set(_MOST):
        raise ValueError("it has files that are none of ours")
    for name in _NEEDED:
        if name not in names:
            raise ValueError(f"{name} is missing")
    for info in infos:
        if info.file_size > _MOST[info.filename] or info.compress_type not in _METHODS:
            raise ValueError(f"{info.filename} is too large")
    return names


def _check_end(file: IO[bytes]) -> None:
    """Before anything reads the directory: it is small, and where we look is where zipfile will look."""
    size = file.seek(0, 2)
    if size < _END.size:
        raise ValueError("it is cut short")
    file.seek(max(0, size - _END.size - 20))
    tail = file.read()
    sign, _, _, here, entries, directory, _, comment = _END.unpack(tail[-_END.size :])
    if sign != b"PK\x05\x06" or comment:
        raise ValueError("it is cut short, or something was added to it")
    if here != entries or entries > len(_MOST) or directory > _MOST_DIRECTORY or tail[:4] == _ZIP64:
        raise ValueError("it has too many files")


def _hashed(archive: zipfile.ZipFile, name: str, into: Path | None) -> tuple[str, bytes]:
    """SHA-256 of a file, and its bytes if they are to be kept."""
    digest, parts = hashlib.sha256(), []
    out = into.open("wb") if into is not None else None
    try:
        for piece in _pieces(archive, name):
            digest.update(piece)
            if name in _KEPT:
                parts.append(piece)
            if out is not None:
                out.write(piece)
    finally:
        if out is not None:
            out.close()
    return digest.hexdigest(), b"".join(parts)


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A file's bytes; no more than it may have, whatever its header says."""
    read = 0
    with archive.open(name) as member:
        while piece := member.read(_PIECE):
            read += len(piece)
            if read > _MOST[name]:
                raise ValueError(f"{name} is too large")
            yield piece


def _whole(archive: zipfile.ZipFile, name: str) -> bytes:
    return b"".join(_pieces(archive, name))


def _sums(manifest: bytes) -> dict[str, str]:
    sums = {}
    for line in manifest.decode("ascii").splitlines():
        found = _LINE.fullmatch(line)
        if found is None or found[2] in sums:
            raise ValueError("its manifest is broken")
        sums[found[2]] = found[1]
    return sums
