"""`ReverseLookup`: asks the system's resolver for the names of addresses; off unless a person turns it on.

The resolver learns which addresses this computer talks to, hence the default. Never asked: addresses of private
networks, and any address twice within an hour.
"""

from __future__ import annotations

import logging
import queue
import socket
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.identity.own_questions import OWN_QUESTIONS
from trafficdesk.packets.address import address_text, is_local

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

THREADS: Final = 2
"""A resolver that does not answer holds a thread for some 10 s."""
PER_S: Final = 10.0
"""Questions a second at most, all threads together."""
WAITING: Final = 1_000
"""Addresses that may wait; further ones are not asked for."""
_REMEMBERED: Final = 20_000
_AGAIN_S: Final = 3_600.0


def resolver_name(address: str) -> str:
    """Name of an address by the system's resolver; empty where it has none."""
    try:
        with OWN_QUESTIONS.asking(address):
            return socket.gethostbyaddr(address)[0]
    except OSError as error:
        _log.debug("no name for an address: %s", error)
        return ""


class ReverseLookup:
    """Answers come in threads of its own.

    Parameters
    ----------
    told : receives the 16 bytes of an address and its name.
    resolve : text of an address to its name; the system's resolver but for tests.
    """

    def __init__(
        self, told: Callable[[bytes, str], None], resolve: Callable[[str], str] = resolver_name
    ) -> None:
        self._told = told
        self._resolve = resolve
        self._waiting: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._asked: OrderedDict[bytes, float] = OrderedDict()
        self._closing = threading.Event()
        self._pace = threading.Lock()
        for number in range(THREADS):
            # Daemons: the resolver's own time limit is longer than a person waits for a window to close.
            threading.Thread(target=self._run, name=f"reverse-{number}", daemon=True).start()

    def ask(self, address: bytes) -> None:
        """Ask for the name of 16 address bytes, unless it was asked for, is private, or too many wait."""
        now = time.monotonic()
        if now - self._asked.get(address, -_AGAIN_S) < _AGAIN_S or is_local(np.frombuffer(address, "V16"))[0]:
            return
        try:
            self._waiting.put_nowait(address)
        except queue.Full:
            return
        self._asked[address] = now
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)

    def close(self) -> None:
        """Ask no more; a question under way is not waited for."""
        self._closing.set()
        for _ in range(THREADS):
            try:
                self._waiting.put_nowait(None)
            except queue.Full:
                break

    def _run(self) -> None:
        while (address := self._waiting.get()) is not None and not self._closing.is_set():
            with self._pace:
                self._closing.wait(1.0 / PER_S)
            name = "" if self._closing.is_set() else self._resolve(address_text(address))
            if name and not self._closing.is_set():
                self._told(address, name)
