"""The self-test in a process of its own, so that no window waits for the interpreter while it makes thousands of frames."""

from __future__ import annotations

import multiprocessing
import os
from typing import TYPE_CHECKING, Final

from trafficdesk.errors import TrafficDeskError
from trafficdesk.self_test.card import ScoreCard
from trafficdesk.self_test.trial import Stopped, run_trial

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

_LOOK_S: Final = 0.1
_STOP_S: Final = 5.0
_NICENESS: Final = 5
"""The person works meanwhile; the same as the analysis process'."""


def run_trial_apart(progress: Callable[[float], None], stop: Callable[[], bool]) -> ScoreCard:
    """As `run_trial`; blocks, so call it from a thread.

    Raises
    ------
    Stopped
        If `stop` said so.
    TrafficDeskError
        If it can't be run, or ended unexpectedly.
    """
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    # No daemon: it has a child of its own, the analysis process.
    process = context.Process(target=_serve, args=(theirs,), name="trafficdesk-self-test")
    try:
        process.start()
    except OSError as error:
        raise TrafficDeskError(f"The self-test could not start: {error}.", "Close some programs.") from error
    finally:
        theirs.close()
    try:
        while not stop():
            told = pipe.recv() if pipe.poll(_LOOK_S) else None
            if isinstance(told, ScoreCard):
                return told
            if isinstance(told, TrafficDeskError):
                raise told
            if told is not None:
                progress(told)
        raise Stopped
    except (EOFError, OSError) as error:
        raise TrafficDeskError(
            "The self-test has ended unexpectedly.", "The log file has the details."
        ) from error
    finally:
        # It ends when it has nobody to tell any more.
        pipe.close()
        process.join(_STOP_S)
        if process.is_alive():
            process.terminate()
            process.join(_STOP_S)


def _serve(pipe: Connection) -> None:
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICENESS)
    try:
        pipe.send(run_trial(pipe.send))
    except TrafficDeskError as error:
        pipe.send(error)
    except OSError:
        return
