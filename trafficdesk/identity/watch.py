"""`SocketWatch`: the thread that asks for the system's sockets, at most once a second, and only while it matters."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from trafficdesk.identity.sockets import ProcessNames, open_sockets, own_addresses

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.identity.sockets import OpenSocket

_log = logging.getLogger(__name__)

SHORTEST_S: Final = 1.0
"""Between two looks while conversations have no program yet."""
LONGEST_S: Final = 10.0
"""Between two looks while all have one: addresses change, listeners come."""
_SHARE: Final = 0.05
"""Of one core that looking may take: on a computer with thousands of sockets it is done less often."""


class SocketWatch:
    """Looks when asked to, and now and then.

    Parameters
    ----------
    tell : called in the watch's thread with the sockets, this computer's addresses and a monotonic time; True = there
        are conversations left whose program is not known, look again soon.
    look : the sockets now; the system's but for tests.
    """

    def __init__(
        self,
        tell: Callable[[list[OpenSocket], NDArray[np.void], float], bool],
        look: Callable[[ProcessNames], list[OpenSocket]] = open_sockets,
    ) -> None:
        self._tell = tell
        self._look = look
        self._names = ProcessNames()
        self._changed = threading.Condition()
        self._wanted = True
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sockets", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def want(self) -> None:
        """New conversations came: look as soon as it may be."""
        if not self._wanted:
            with self._changed:
                self._wanted = True
                self._changed.notify_all()

    def close(self) -> None:
        """End; a look under way takes some milliseconds."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        import psutil

        pause_s = 0.0
        while not self._rest(pause_s):
            began = time.thread_time()
            try:
                sockets, addresses = self._look(self._names), own_addresses()
            except (OSError, RuntimeError, psutil.Error) as error:
                # A process table in motion; the next look finds another.
                _log.debug("sockets could not be listed: %s", error)
            else:
                again = self._tell(sockets, addresses, time.monotonic())
                with self._changed:
                    self._wanted |= again
            pause_s = max(SHORTEST_S, (time.thread_time() - began) / _SHARE)

    def _rest(self, pause_s: float) -> bool:
        """Wait until the next look is due; True = end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing, pause_s)
            self._changed.wait_for(lambda: self._closing or self._wanted, max(LONGEST_S - pause_s, 0.0))
            self._wanted = False
            return self._closing
