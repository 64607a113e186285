"""How a command ends, and the one place where an exception becomes a sentence and an exit code."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from enum import IntEnum
from typing import TYPE_CHECKING

from trafficdesk.errors import (
    BadCaptureFile,
    BadCaptureFilter,
    BadDisplayFilter,
    BadLabels,
    BadModel,
    TrafficDeskError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    OUR_FAULT = 1
    USAGE = 2
    ENVIRONMENT = 3
    UNREADABLE = 4
    INTERRUPTED = 130


def ended(command: Callable[[], int]) -> int:
    """Run `command`; whatever it raises becomes a sentence on stderr and an exit code."""
    try:
        code = command()
        sys.stdout.flush()
    except TrafficDeskError as error:
        complain(error)
        return exit_code(error)
    except BrokenPipeError:
        _forget_standard_output()
        return Exit.DONE  # the reader has what it wanted
    except KeyboardInterrupt:
        sys.stderr.write("\ntrafficdesk: Stopped by Ctrl-C; files not finished were not written.\n")
        return Exit.INTERRUPTED
    except Exception:  # noqa: BLE001  # the outermost frame: a bug becomes a log entry and a sentence
        _report_bug()
        return Exit.OUR_FAULT
    else:
        return code


def exit_code(error: TrafficDeskError) -> Exit:
    """Exit code of a failure."""
    if isinstance(error, BadCaptureFile | BadLabels | BadModel):
        return Exit.UNREADABLE
    if isinstance(error, BadCaptureFilter | BadDisplayFilter):
        return Exit.USAGE
    return Exit.ENVIRONMENT


def complain(error: TrafficDeskError) -> None:
    """One sentence of cause and one of remedy on stderr."""
    where = ""
    if (
        isinstance(error, BadCaptureFile)
        and error.offset
        and str(error.offset) not in error.title.replace(",", "")
    ):
        where = f" Stopped at byte {error.offset}, after {error.packets} packets."
    sys.stderr.write(f"trafficdesk: {error.title}{where}{' ' if error.hint else ''}{error.hint}\n")


def _report_bug() -> None:
    from trafficdesk.logs import start_logging

    path = start_logging()
    _log.exception("a bug in the command line")
    where = f"the details are in {path}" if path else "the log file can't be written either"
    sys.stderr.write(
        f"trafficdesk: Something went wrong in TrafficDesk itself; {where}. Please report it with that file.\n"
    )


def _forget_standard_output() -> None:
    """Keep the interpreter from complaining about the broken pipe once more when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
