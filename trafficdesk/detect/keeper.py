"""`BaselineKeeper`: finds out which network a live capture is in, gives the detector what is known of it, and keeps it.

It lives in the analysis process: what was learned never leaves it but for the file. Looked at every few seconds: a
computer is carried from one network into another while it captures.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.network import network_of
from trafficdesk.detect.baseline import Baseline, BaselineError, KnownNetwork

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.network import NetworkSight
    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.known_networks import KnownNetworks

_LOG = logging.getLogger(__name__)
LOOK_S: Final = 5.0
SAVE_S: Final = 180.0
"""What a crash may cost."""
PERSISTS_S: Final = 600.0
"""A gateway whose MAC changes while the computer keeps its address is what ARP spoofing looks like, so it is no other
network, unless it stays so for longer than such a thing goes unnoticed: then somebody has a new router. To have no
gateway is no other network either: the link is down, or about to be up."""


class BaselineKeeper:
    """Of one live capture.

    Parameters
    ----------
    interface : as chosen: "eth0", "eth0,wlan0", "any".
    known : the folder of baselines.
    look : tells which network an interface is in.
    clock, now_ns : seconds of a clock that never steps, and nanoseconds since the Unix epoch.
    """

    def __init__(
        self,
        detector: Detector,
        interface: str,
        known: KnownNetworks,
        *,
        look: Callable[[str], NetworkSight] = network_of,
        clock: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._detector = detector
        self._interface = interface
        self._known = known
        self._look = look
        self._clock = clock
        self._now_ns = now_ns
        self._sight: NetworkSight | None = None
        self._network: KnownNetwork | None = None
        self._kept = False
        """Whether its file was there when we looked last."""
        self._differs_since: float | None = None
        self._look_at = self._save_at = 0.0

    def begin(self) -> None:
        """Find the network and start from what is known of it."""
        self._save_at = self._clock() + SAVE_S
        self._detector.change_network(None)
        self._turn_to(self._look(self._interface))

    def turn(self) -> None:
        """Look, and keep, when it is time; call it often."""
        now = self._clock()
        if now >= self._look_at:
            self._follow(self._look(self._interface), now)
        if now >= self._save_at:
            self.save()

    def save(self) -> None:
        """Keep what is known now."""
        self._save_at = self._clock() + SAVE_S
        network = self._network
        if network is None or self._known.taught_ns(network.key) > network.taught_ns:
            return
        now = self._now_ns()
        baseline = self._detector.baseline()
        network = KnownNetwork(
            network.key,
            network.interface,
            network.first_ns or now,
            now,
            baseline.learned_s,
            0,
            network.taught_ns,
        )
        try:
            self._known.save(baseline, network)
            self._network, self._kept = network, True
        except BaselineError as error:
            _LOG.warning("%s", error)

    def _follow(self, sight: NetworkSight, now: float) -> None:
        self._look_at = now + LOOK_S
        known = self._sight
        if self._network is not None and self._kept and not self._known.has(self._network.key):
            # A person had it forgotten: what the detector holds is the same knowledge.
            self._network = None
            self._start_from(sight)
        elif self._network is not None and self._known.taught_ns(self._network.key) > self._network.taught_ns:
            # Learned from the history meanwhile, because a person wanted so.
            self._start_from(sight)
        elif known is None:
            self._turn_to(sight)
        elif sight == known:
            self._sight, self._differs_since = sight, None
        elif not sight.known:
            self._differs_since = None
        elif self._is_elsewhere(known, sight, now):
            self.save()
            self._turn_to(sight, moved=True)

    def _is_elsewhere(self, known: NetworkSight, sight: NetworkSight, now: float) -> bool:
        if sight.gateway and (sight.gateway != known.gateway or sight.own_address != known.own_address):
            return True
        if self._differs_since is None:
            self._differs_since = now
        return now - self._differs_since >= PERSISTS_S

    def _turn_to(self, sight: NetworkSight, *, moved: bool = False) -> None:
        self._look_at = self._clock() + LOOK_S
        self._differs_since = None
        if not sight.known:
            if moved:
                self._detector.change_network(None)
                self._detector.network = ""
            return
        self._sight = sight
        self._start_from(sight, moved=moved)

    def _start_from(self, sight: NetworkSight, *, moved: bool = True) -> None:
        found: tuple[Baseline, KnownNetwork] | None = None
        self._network, self._kept = None, False
        try:
            key = sight.key(self._known.salt())
            self._detector.network = key
            self._network = KnownNetwork(key, sight.interface, 0, 0, 0.0, 0)
            found = self._known.load(key)
        except BaselineError as error:
            _LOG.warning("%s", error)
        if found is not None:
            self._network, self._kept = found[1], True
        if found is not None or moved:
            self._detector.change_network(found[0] if found else None)
