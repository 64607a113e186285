"""`Identifier`: an `Identity` with the threads that feed it, for one capture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trafficdesk.identity.identity import Identity

if TYPE_CHECKING:
    from trafficdesk.identity.identity import Changes
    from trafficdesk.identity.watch import SocketWatch
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Identities


class Identifier:
    """Names rows; while a capture is live it also asks whose sockets they belong to.

    Parameters
    ----------
    identities : the log's tables.
    reverse_dns : whether the resolver may be asked for names that no packet told.
    """

    def __init__(self, identities: Identities, *, reverse_dns: bool = False) -> None:
        self._identities = identities
        self.identity = Identity(identities)
        self._watch: SocketWatch | None = None
        self.set_reverse_dns(reverse_dns)

    def set_reverse_dns(self, allowed: bool) -> None:
        """Ask the resolver for names of conversations that begin from now on, or ask no more."""
        present = self.identity.reverse
        if allowed == (present is not None):
            return
        if present is not None:
            self.identity.reverse = None
            present.close()
            return
        from trafficdesk.identity.reverse import ReverseLookup

        self.identity.reverse = ReverseLookup(self.identity.learn_name)

    def watch_sockets(self) -> None:
        """What is captured from now on is this computer's own traffic."""
        from trafficdesk.identity.sockets import own_addresses
        from trafficdesk.identity.watch import SocketWatch

        self.identity.set_own(own_addresses())
        self._watch = SocketWatch(self.identity.learn_sockets)
        self._watch.start()

    def stop_watching(self) -> None:
        """The capture has ended; names may still come."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def identify(self, batch: PacketBatch) -> PacketBatch:
        """`batch` with program and host of its rows, as far as they are known now, and what threat lists say."""
        identified = self._matched(self.identity.identify(batch))
        if self._watch is not None and self.identity.searching:
            self._watch.want()
        return identified

    def _matched(self, batch: PacketBatch) -> PacketBatch:
        matching, identity = self._identities.matching, batch.identity
        if matching is None or identity is None:
            return batch
        threat = matching.numbers(batch, identity.host, self._identities)
        return replace(batch, identity=replace(identity, threat=threat))

    def take_changes(self) -> Changes | None:
        """What became known of rows delivered before."""
        return self.identity.take_changes()

    def close(self) -> None:
        """End the threads; those that wait for a resolver end when it answers."""
        self.stop_watching()
        self.set_reverse_dns(False)
