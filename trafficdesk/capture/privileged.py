"""`run_helper`: start the one privileged program, let it fill the pool of packet sockets, say what went wrong.

The program is `helper.py`, run by pkexec, by sudo, or carrying the right itself as the packaged helper. This side never
has those rights.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from trafficdesk.capture.reception import Reception, Refused
from trafficdesk.capture.socket_pool import POOL
from trafficdesk.errors import PermissionDenied
from trafficdesk.packets.printable import shown

if TYPE_CHECKING:
    import threading

    from trafficdesk.capture.socket_pool import SocketPool

_log = logging.getLogger(__name__)

_PKEXEC_DISMISSED, _PKEXEC_REFUSED = 126, 127
"""pkexec(1): the dialog was dismissed; not authorised, or there is nobody to ask."""
_LEAVE_S: Final = 5.0
"""How long a helper that has done its work may take to end."""


def run_helper(
    command: tuple[str, ...],
    *,
    pool: SocketPool = POOL,
    stop: threading.Event,
    in_terminal: bool = False,
) -> None:
    """Start the helper and wait until it has filled the pool; blocks for as long as a person types a password.

    Parameters
    ----------
    command : the program and its arguments, without the socket's path.
    stop : set from another thread to give up.
    in_terminal : whether it may talk with the person in this terminal, as sudo does.

    Raises
    ------
    PermissionDenied
        If it was not authorised, failed, was given up, or brought something else.
    """
    with Reception(pool) as reception, _Helper((*command, reception.path), in_terminal=in_terminal) as helper:
        while not stop.is_set():
            ended = helper.ended
            try:
                if reception.receive(helper.process):
                    return
            except Refused as error:
                helper.refusal = f"What it brought was refused: {error}."
                _log.warning("refused at %s: %s", reception.path, error)
            if ended:
                raise failure(command[0], helper.exit_code, helper.refusal or helper.words)
        raise PermissionDenied("Asking for the permission to capture was given up.")


def failure(program: str, code: int, words: str) -> PermissionDenied:
    """What a person is told when `program` ended with `code`, having said `words`."""
    name = Path(program).name
    if name == "pkexec" and code == _PKEXEC_DISMISSED:
        return PermissionDenied(
            "The authentication was cancelled, so capturing is still not permitted.",
            "Ask again whenever you like.",
        )
    if name == "pkexec" and "agent" in words.lower():
        return PermissionDenied(
            "No authentication dialog can be shown: no polkit agent runs in this session.",
            "Type the command in a terminal instead.",
        )
    if name == "pkexec" and code == _PKEXEC_REFUSED:
        return PermissionDenied(
            "The system did not authorise the capture helper.", "An administrator's password is needed."
        )
    if name == "sudo" and not words:
        return PermissionDenied(
            "sudo did not run the capture helper.", "Ask whoever administers this computer."
        )
    last = next((line.strip() for line in reversed(words.splitlines()) if line.strip()), f"exit code {code}")
    told = last.removeprefix("trafficdesk-capture-helper: ")
    return PermissionDenied(f"The capture helper gave up: {shown(told)}", "The log file has the details.")


class _Helper:
    """The helper while it runs; ended on leaving, as far as it lets us."""

    def __init__(self, command: tuple[str, ...], *, in_terminal: bool) -> None:
        self.refusal = ""
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed on leaving
        silent = None if in_terminal else subprocess.DEVNULL
        try:
            self._child = subprocess.Popen(  # noqa: S603  # a list, no shell
                command, stdin=silent, stdout=silent, stderr=None if in_terminal else self._said
            )
        except OSError as error:
            self._said.close()
            raise PermissionDenied(
                f"{Path(command[0]).name} can't be started: {error.strerror}.", "Install TrafficDesk again."
            ) from error
        self.process = self._child.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._said:
            if kind is not None:
                self._signal()
            try:
                self._child.wait(_LEAVE_S if kind is None else 1.0)
            except subprocess.TimeoutExpired:
                _log.warning("%s is still running", self._child.args)

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    @property
    def exit_code(self) -> int:
        return int(self._child.wait())

    @property
    def words(self) -> str:
        """What it said on stderr."""
        self._said.seek(0)
        return self._said.read(65_536).decode("utf-8", "replace")

    def _signal(self) -> None:
        # A dialog that is still open may have become root's already.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            self._child.terminate()
