"""`Events`: which packets open something, answer something, or are the first of their kind; causal, exact.

"New" = not seen for `NEW_S`. A damped sum of "new" is a distinct count without a sketch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.gaps import unbroken
from trafficdesk.features.keys import INFRASTRUCTURE_PORTS, mix
from trafficdesk.features.state import LastSeen, MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.keys import Rows

NEW_S: Final = 60.0
"""What was not seen for a minute is new."""
CLAIM_S: Final = 600.0
"""How long an address is remembered to belong to a MAC: longer than ARP caches keep it, shorter than leases last."""
_ARP_BALANCE_S: Final = 5.0
_ASKED: Final = 0.3
"""A reply within some 8 s of its request still finds this much of it in the damped balance."""
_SYN_BALANCE_S: Final = 60.0
_ASKED_SYN: Final = 0.05
"""A request is remembered for some 4 min: TCP gives up retransmitting its acceptance after 3 (RFC 9293, R2)."""
_PAIR_SALT: Final = 0x77


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Per row, shape (rows,), bool unless said otherwise."""

    opener: NDArray[np.bool_]
    """First packet of a conversation (undirected 5-tuple)."""
    fanning: NDArray[np.bool_]
    """Openers that count as fan-out: neither multicast nor infrastructure."""
    answered: NDArray[np.bool_]
    """First good answer to an opener."""
    new_host: NDArray[np.bool_]
    new_port: NDArray[np.bool_]
    first_port: NDArray[np.bool_]
    """A port never tried before (`state.IDLE_S`) on a host."""
    new_sender: NDArray[np.bool_]
    """Seen from the destination: somebody new that it did not ask."""
    unasked: NDArray[np.bool_]
    """Somebody new accepts a connection that was never asked for: a reflector, or an answer to forged senders."""
    unasked_again: NDArray[np.bool_]
    """The same once more, since nobody confirmed it."""
    arp_target: NDArray[np.bool_]
    """Asks for an address it did not ask for lately."""
    arp_unsolicited: NDArray[np.bool_]
    """A reply that nobody asked for."""
    arp_conflict: NDArray[np.bool_]
    """Claims an address that another MAC claimed within `CLAIM_S`."""
    new_name: NDArray[np.bool_]
    """A DNS name not asked for lately."""
    peer_age: NDArray[np.float64]
    """Seconds since this source last sent to this destination; inf = never, NaN = not counted."""
    conversation_packets: NDArray[np.float64]
    """Packets of the conversation so far, damped (60 s), this one included."""
    freshness: NDArray[np.float64]
    """1 for a conversation's first 8 packets, then 8/n: a scanner's ordinary traffic is not painted."""


class EventFinder:
    """Finds `Events`; carries what was seen."""

    def __init__(self) -> None:
        self._pairs = LastSeen()
        self._conversations = LastSeen()
        self._directions = LastSeen()
        self._ports = LastSeen()
        self._arp_targets = LastSeen()
        self._claims = LastSeen()
        self._claimed = LastSeen()
        self._names = LastSeen()
        self._arp_balance = MultiDamped((_ARP_BALANCE_S,), 1)
        self._packets = MultiDamped((60.0,), 1)
        self._asked = MultiDamped((_SYN_BALANCE_S,), 2)

    def find(self, rows: Rows) -> Events:
        """Events of the rows, which follow those of the former call."""
        now = rows.seconds
        pair = mix(rows.source, rows.destination)
        peer_age = self._pairs.update(pair, now, rows.ip & ~rows.multicast)
        near = mix(rows.source, rows.source_port)
        far = mix(rows.destination, rows.destination_port)
        conversation = mix(np.minimum(near, far), np.maximum(near, far)) + rows.ip_protocol
        # A transport without ports is one conversation per pair of hosts: a protocol scan opens many.
        counted = rows.ported | (rows.ip & (rows.ip_protocol >= 0) & ~rows.icmp)
        age = self._conversations.update(conversation, now, counted)
        # A connection that was open all the while opens nothing when it is seen again.
        resumed = rows.settling & rows.tcp
        opener = (age > NEW_S) & ~rows.syn_ack & ~(rows.rst & ~rows.syn) & ~(resumed & ~rows.syn)
        direction_age = self._directions.update(mix(near, far) + rows.ip_protocol, now, counted)
        answered = (direction_age > NEW_S) & (age <= NEW_S) & ~rows.rst & ~rows.infrastructure
        answered &= ~(resumed & ~rows.syn_ack)
        fanning = opener & ~rows.multicast & ~rows.infrastructure & rows.ported
        new_pair = (peer_age > NEW_S) & ~rows.multicast
        new_host = new_pair & (rows.icmp | fanning)
        port_age = self._ports.update(mix(pair, rows.destination_port + 1), now, fanning)
        new_port = port_age > NEW_S
        unasked, again = self._unasked(rows, conversation)
        # Answers of infrastructure that nobody asked for are an amplification attack's.
        reflected = (
            rows.infrastructure
            & opener
            & np.isin(rows.source_port, INFRASTRUCTURE_PORTS)
            & ~np.isin(rows.destination_port, INFRASTRUCTURE_PORTS)
        )
        counted_key = np.where(rows.ported, conversation, mix(pair, _PAIR_SALT))
        stands_for = rows.packets / rows.conversations  # of this very conversation
        packets = self._packets.update(counted_key, now, stands_for[None])[0, 0]
        freshness = np.where(rows.ported, 8.0 / np.maximum(packets, 8.0), 1.0)
        return Events(
            opener=opener & rows.ported,
            fanning=fanning,
            answered=answered & rows.ported,
            new_host=new_host,
            new_port=new_port,
            first_port=np.isinf(port_age),
            unasked=unasked & (peer_age > NEW_S),
            unasked_again=again,
            new_sender=new_host | (new_pair & reflected),
            arp_target=self._arp_target(rows),
            arp_unsolicited=self._arp_unsolicited(rows),
            arp_conflict=self._arp_conflict(rows),
            new_name=self._names.update(rows.name, now, rows.dns_query) > NEW_S,
            peer_age=peer_age,
            conversation_packets=packets,
            freshness=freshness,
        )

    def _unasked(
        self, rows: Rows, conversation: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Rows that accept a connection nobody asked for, and those of them that do so again."""
        part = (rows.syn | rows.syn_ack) & ~rows.settling
        counts = np.stack([rows.syn, rows.syn_ack]).astype(np.float64)
        asked = self._asked.update_where(conversation, rows.seconds, counts, part)[:, 0]
        unasked = rows.syn_ack & part & (asked[0] < _ASKED_SYN)
        return unasked, unasked & (asked[1] > 1.0 + _ASKED_SYN)

    def _arp_target(self, rows: Rows) -> NDArray[np.bool_]:
        request = rows.arp & (rows.message_type == 1)
        asked = mix(rows.source_mac, rows.target_address)
        gratuitous = rows.sender_address == rows.target_address
        return self._arp_targets.update(asked, rows.seconds, request & ~gratuitous) > NEW_S

    def _arp_unsolicited(self, rows: Rows) -> NDArray[np.bool_]:
        request = rows.arp & (rows.message_type == 1)
        reply = rows.arp & (rows.message_type == 2)
        unsolicited = np.zeros(len(rows), np.bool_)
        either = np.flatnonzero(request | reply)
        if len(either):
            asks = mix(rows.sender_address, rows.target_address)
            answers = mix(rows.target_address, rows.sender_address)
            key = np.where(request, asks, answers)[either]
            asked = request[either].astype(np.float64)[None]
            balance = self._arp_balance.update(key, rows.seconds[either], asked)
            unsolicited[either] = reply[either] & (balance[0, 0] < _ASKED)
        return unsolicited

    def _arp_conflict(self, rows: Rows) -> NDArray[np.bool_]:
        claims = rows.arp & ~rows.sender_is_any
        # In a gap the computer may have changed to another network, where other devices have the same addresses.
        by_this = unbroken(
            self._claims.update(mix(rows.sender_address, rows.source_mac), rows.seconds, claims),
            rows.since_gap,
        )
        by_any = unbroken(self._claimed.update(rows.sender_address, rows.seconds, claims), rows.since_gap)
        return claims & (by_this > CLAIM_S) & (by_any <= CLAIM_S)
