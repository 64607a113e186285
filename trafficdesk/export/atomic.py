"""Files that are whole or not there: written beside their final name and moved into place at the end."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from trafficdesk.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD_OUTPUT: Final = "-"


@contextmanager
def atomic_file(target: str | Path) -> Iterator[IO[bytes]]:
    """Open `target` for writing; it appears (or is replaced) when the block ends without an exception.

    What is no regular file (`-` = standard output, a device, a named pipe) is written directly.

    Raises
    ------
    ExportError
        If it can't be written; what was at `target` before is untouched.
    BrokenPipeError
        If the reader of a pipe has gone: the caller stops quietly.
    """
    try:
        if str(target) == STANDARD_OUTPUT:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        path = Path(os.path.realpath(target))
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        with _beside(path) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _export_error(target, error) from error


@contextmanager
def _beside(path: Path) -> Iterator[IO[bytes]]:
    new = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with new.open("xb") as file:
            yield file
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


_HINTS: Final = {
    errno.ENOSPC: "Free some space there or choose another place.",
    errno.EDQUOT: "Free some space there or choose another place.",
    errno.EACCES: "Choose a folder that you may write to.",
    errno.EPERM: "Choose a folder that you may write to.",
    errno.EROFS: "Choose a folder that you may write to.",
    errno.ENOENT: "Create the folder first, or choose another one.",
    errno.ENOTDIR: "Choose a folder that exists.",
    errno.EISDIR: "Name a file, not a folder.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}


def _export_error(target: str | Path, error: OSError) -> ExportError:
    name = "standard output" if str(target) == STANDARD_OUTPUT else str(target)
    cause = error.strerror or str(error)
    hint = _HINTS.get(error.errno or 0, "Choose another place.")
    return ExportError(f"{name} can't be written: {cause}; nothing was left half-written.", hint)
