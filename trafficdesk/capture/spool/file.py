"""Files of the spool: for their owner only, written whole, joined by the kernel where it can."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_BINARY: Final = getattr(os, "O_BINARY", 0)
"""Windows would write line ends of its own."""
_COPY_BYTES: Final = 4 << 20


def create(path: Path, head: bytes) -> int:
    """A new file that begins with `head`; returns its descriptor.

    Raises
    ------
    OSError
        If it can't be made; nothing is left.
    """
    file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | _BINARY, 0o600)
    try:
        write_all(file, memoryview(head))
    except OSError:
        os.close(file)
        path.unlink(missing_ok=True)
        raise
    return file


def write_all(file: int, data: memoryview) -> None:
    """Append bytes; one call may take only a part of them."""
    while len(data):
        data = data[os.write(file, data) :]


def append_from(source: Path, start: int, size: int, target: int) -> None:
    """Append `size` bytes of a file, from `start` on, to another one.

    Raises
    ------
    OSError
        If they can't be read or written, or the source is shorter.
    """
    with source.open("rb", buffering=0) as file:
        file.seek(start)
        copied = _by_kernel(file.fileno(), target, size)
        if copied < size:
            with os.fdopen(os.dup(target), "wb") as out:
                shutil.copyfileobj(file, out, _COPY_BYTES)
        if file.tell() < start + size:
            raise OSError(errno.EIO, f"{source} is shorter than it was")


def _by_kernel(source: int, target: int, size: int) -> int:
    """Copy within the kernel as far as it can; returns how many bytes."""
    copied = 0
    if hasattr(os, "copy_file_range"):
        try:
            while copied < size and (part := os.copy_file_range(source, target, size - copied)):
                copied += part
        except OSError:
            return copied  # what can't be done by it will fail, or not, when copied by hand
    return copied
