"""`FileBytes`: a capture file's (decompressed) bytes as one flat array, mapped, never read whole."""

from __future__ import annotations

import mmap
import os
import shutil
import stat
import tempfile
import zlib
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.formats.mapped import fetch
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_GZIP_MAGIC: Final = b"\x1f\x8b"
"""RFC 1952 section 2.3.1."""
_GZIP_WBITS: Final = 31
"""zlib's code for "expect a gzip header, 32 KiB window"."""
_READ_BYTES: Final = 1 << 20
_SPARE_DISK_BYTES: Final = 256 << 20
"""Decompression stops when the temporary folder has less than this left: a bomb must not fill the disk."""


class FileBytes:
    """The bytes of one regular file, plain or gzip-compressed (told by its first bytes, not by its name).

    A compressed file is decompressed piece by piece, as far as it is asked for, into an anonymous temporary file
    which is then mapped.

    Raises
    ------
    BadCaptureFile
        If there is no such file, it may not be read, it is no regular file, or it is empty.
    """

    def __init__(self, path: Path) -> None:
        self.name = printable_name(path)
        self._file = _open_regular(path, self.name)
        self._disk_size = os.fstat(self._file.fileno()).st_size
        compressed = self._file.read(2) == _GZIP_MAGIC
        self._file.seek(0)
        self._gzip = zlib.decompressobj(_GZIP_WBITS) if compressed else None
        self._unpacked: IO[bytes] | None = tempfile.TemporaryFile() if compressed else None  # noqa: SIM115  # closed in close()
        self._unpacked_size = 0
        self.complete = not compressed
        """Whether `data` holds all there is."""
        self.fault = ""
        """Why decompression ended early; empty while nothing is wrong."""
        self._map: mmap.mmap | None = None
        self.data: NDArray[np.uint8] = np.empty(0, np.uint8)
        if not compressed:
            self._remap(self._file, self._disk_size)

    @property
    def compressed(self) -> bool:
        """Whether positions in `data` are not positions on disk."""
        return self._unpacked is not None

    def ensure(self, stop: int) -> None:
        """Have at least `stop` bytes in `data`, or all there are (then `complete`).

        Raises
        ------
        BadCaptureFile
            If the file became shorter since it was opened, or the temporary folder is full.
        """
        if not self.compressed:
            # A mapped file that shrinks kills the process by SIGBUS at the next touch.
            if os.fstat(self._file.fileno()).st_size < self._disk_size:
                raise BadCaptureFile(f"{self.name} became shorter while it was being read.", "Open it again.")
            return
        before = self._unpacked_size
        while not self.complete and self._unpacked_size < stop:
            self._unpack_piece()
        if self._unpacked_size > before:
            assert self._unpacked is not None
            self._unpacked.flush()
            self._remap(self._unpacked, self._unpacked_size)

    def fetch(self, start: int, stop: int) -> None:
        """Have bytes `start:stop` of `data` in memory before they are touched; other threads go on meanwhile."""
        fetch(self.data, start, stop)

    def expect(self, start: int, stop: int) -> None:
        """Bytes `start:stop` will be asked for next: the system may fetch them from the disk meanwhile."""
        if not self.compressed and hasattr(os, "posix_fadvise") and start < self._disk_size:
            # A hint: a file system that does not take it loses nothing.
            with suppress(OSError):
                os.posix_fadvise(self._file.fileno(), start, stop - start, os.POSIX_FADV_WILLNEED)

    def forget(self, start: int, stop: int) -> None:
        """Give the memory of bytes `start:stop` back; they are read from the file again when they are touched.

        Without it a file that was read through counts as this process's memory until it is closed.
        """
        if self._map is None or not hasattr(mmap, "MADV_DONTNEED"):
            return
        first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
        if stop - first >= mmap.PAGESIZE:
            self._map.madvise(mmap.MADV_DONTNEED, first, (stop - first) // mmap.PAGESIZE * mmap.PAGESIZE)

    def share(self, position: int) -> float:
        """How much of the file lies before `position` of `data`, 0..1."""
        if self._file.closed:
            return 1.0
        seen = position / max(1, len(self.data))
        return seen if self.complete else seen * self._file.tell() / self._disk_size

    def close(self) -> None:
        """Let go of the file; arrays handed out before stay valid. May be called twice."""
        self.data, self._map = np.empty(0, np.uint8), None
        self.complete = True
        self._file.close()
        if self._unpacked is not None:
            self._unpacked.close()

    def _remap(self, file: IO[bytes], size: int) -> None:
        # The array keeps the mapping alive, so frames handed out stay readable after close().
        self._map = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        self.data = np.frombuffer(self._map, np.uint8)

    def _unpack_piece(self) -> None:
        piece = self._file.read(_READ_BYTES)
        if not piece:
            self.complete = True
            if self._gzip is not None and not self._gzip.eof:
                self.fault = "the compressed data was cut short"
            return
        while piece:
            assert self._gzip is not None
            if self._gzip.eof:  # a further member (RFC 1952 section 2.2), or rubbish that gunzip ignores, too
                if not piece.startswith(_GZIP_MAGIC):
                    self.complete = True
                    return
                self._gzip = zlib.decompressobj(_GZIP_WBITS)
            try:
                self._store(self._gzip.decompress(piece, _READ_BYTES))
            except zlib.error as error:
                self.complete = True
                self.fault = f"the compressed data is damaged ({error})"
                return
            piece = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail

    def _store(self, unpacked: bytes) -> None:
        assert self._unpacked is not None
        try:
            self._unpacked.write(unpacked)
            full = shutil.disk_usage(tempfile.gettempdir()).free < _SPARE_DISK_BYTES
        except OSError:
            full = True
        if full:
            raise BadCaptureFile(
                f"{self.name} can't be decompressed: the temporary folder {tempfile.gettempdir()} is full.",
                "Free some space or decompress the file elsewhere first.",
                offset=self._unpacked_size,
            )
        self._unpacked_size += len(unpacked)


def printable_name(path: Path) -> str:
    """The file's name with what does not print made visible: names are chosen by others."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in path.name or str(path)
    )


def _open_regular(path: Path, name: str) -> IO[bytes]:
    try:
        mode = path.stat().st_mode
        # A named pipe would block in open() until somebody writes to it.
        if stat.S_ISREG(mode):
            file = path.open("rb")
            if os.fstat(file.fileno()).st_size:
                return file
            file.close()
            raise BadCaptureFile(f"{name} is empty.", "Choose another capture file.")
    except FileNotFoundError as error:
        raise BadCaptureFile(f"There is no file {name}.", "Check the path.") from error
    except PermissionError as error:
        raise BadCaptureFile(
            f"{name} may not be read by you.", "Ask its owner, or copy it somewhere you own."
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadCaptureFile(f"{name} can't be opened: {reason}.") from error
    if stat.S_ISDIR(mode):
        raise BadCaptureFile(f"{name} is a folder.", "Choose a capture file in it.")
    raise BadCaptureFile(
        f"{name} is a pipe or a device, not a file.", "Save the capture to a file first, then open that file."
    )
