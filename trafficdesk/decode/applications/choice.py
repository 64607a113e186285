"""`Choice`: which application each payload of one transport belongs to.

Applications are found by table lookups (first two bytes, ports), and only those that a lookup brought up look at their
rows: forty protocols cost a small block no more than the three or four that occur in it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.payload import Payloads
from trafficdesk.packets.protocol import Protocol, Tunnel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trafficdesk.decode.applications.application import Application, Over
    from trafficdesk.decode.workspace import Workspace

NONE: Final = 0
"""Index of "no application"; applications count from 1."""


class Choice:
    """The applications over one transport, and how to tell them apart."""

    def __init__(self, transport: Protocol, applications: Sequence[Application]) -> None:
        self._transport = transport
        self._applications = [
            (application, over)
            for application in applications
            if (over := application.tcp if transport is Protocol.TCP else application.udp) is not None
        ]

    def recognise(self, workspace: Workspace) -> None:
        """Name the application of every row of this transport that has payload, and fill its columns."""
        columns = workspace.columns
        # Of a payload that was not captured at all nothing is said, as in Wireshark, not even by its port.
        seen = (columns["payload_length"] > 0) & (columns["captured_length"] > columns["payload_offset"])
        # Behind a tunnel the name is the inner packet's, found there already.
        rows = np.flatnonzero(
            seen & (columns["protocol"] == self._transport) & (columns["tunnel"] == Tunnel.NONE)
        )
        if not len(rows):
            return
        payloads = Payloads.of(workspace, rows)
        chosen = self._choose(payloads)
        columns["protocol"][rows] = self._protocols[chosen]
        for index in np.flatnonzero(np.bincount(chosen)):
            application = self._applications[index - 1][0] if index else None
            if application is not None and application.fill is not None:
                application.fill(payloads.select(chosen == index))

    @cached_property
    def _protocols(self) -> NDArray[np.uint16]:
        """(applications + 1,) the protocol of each index."""
        return np.array(
            [self._transport, *(application.protocol for application, _ in self._applications)], np.uint16
        )

    @cached_property
    def _leads(self) -> tuple[NDArray[np.uint8], list[tuple[int, ...]]]:
        """(65536,) group of each pair of first bytes, and the indices of each group's applications."""
        by_first: list[tuple[int, ...]] = [()] * 256
        by_pair: dict[int, tuple[int, ...]] = {}
        for index, (_, over) in enumerate(self._applications, 1):
            for lead in over.leads:
                if len(lead) == 1:
                    by_first[lead[0]] += (index,)
                else:
                    pair = int.from_bytes(lead, "big")
                    by_pair[pair] = (*by_pair.get(pair, ()), index)
        # Sets, not a matrix of all pairs: that one took 0.1 s to sort when the program starts.
        whole = {pair: tuple(sorted({*by_first[pair >> 8], *indices})) for pair, indices in by_pair.items()}
        sets = [(), *sorted({*by_first, *whole.values()} - {()})]
        groups = np.repeat(np.array([sets.index(indices) for indices in by_first], np.uint8), 256)
        for pair, indices in whole.items():
            groups[pair] = sets.index(indices)
        return groups, sets

    @cached_property
    def _ports(self) -> tuple[NDArray[np.uint16], list[tuple[int, ...]]]:
        """(65536,) group of each port, and the indices of each group's applications."""
        claims: dict[int, tuple[int, ...]] = {}
        for index, (_, over) in enumerate(self._applications, 1):
            for port in over.ports:
                claims[port] = (*claims.get(port, ()), index)
        sets = sorted(set(claims.values()))
        groups = np.zeros(1 << 16, np.uint16)
        for port, indices in claims.items():
            groups[port] = sets.index(indices) + 1
        return groups, [(), *sets]

    def _over(self, index: int) -> Over:
        return self._applications[index - 1][1]

    def _choose(self, payloads: Payloads) -> NDArray[np.uint8]:
        """(rows,) index of each payload's application."""
        chosen = np.zeros(len(payloads), np.uint8)
        table, groups = self._leads
        lead = table[payloads.be16(0)]
        suspects = [
            (np.flatnonzero(lead == group), groups[group])
            for group in np.flatnonzero(np.bincount(lead))
            if group
        ]
        for rows, indices in suspects:
            self._by_payload(payloads, chosen, rows, indices, certain=True)
        undecided = chosen == NONE
        if self._transport is Protocol.TCP:
            # One zero byte is a keep-alive probe (RFC 1122 section 4.2.3.6), whatever its port.
            undecided &= (payloads.head[:, 0] != 0) | (payloads.lengths > 1)
        left = np.flatnonzero(undecided)
        if len(left):
            self._by_ports(payloads, chosen, left)
        for rows, indices in suspects:
            self._by_payload(payloads, chosen, rows, indices, certain=False)
        return chosen

    def _by_payload(
        self,
        payloads: Payloads,
        chosen: NDArray[np.uint8],
        rows: NDArray[np.int64],
        indices: tuple[int, ...],
        *,
        certain: bool,
    ) -> None:
        for index in indices:
            over = self._over(index)
            test = over.certain if certain else over.likely
            if test is None:
                continue
            rows = rows[chosen[rows] == NONE]
            if not len(rows):
                return
            chosen[rows[test(payloads.select(rows))]] = index

    def _by_ports(self, payloads: Payloads, chosen: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        table, _ = self._ports
        columns = payloads.workspace.columns
        source, destination = (
            columns[name][payloads.rows[rows]] for name in ("source_port", "destination_port")
        )
        self._by_port(payloads, chosen, rows, table[np.minimum(source, destination)])
        left = np.flatnonzero(chosen[rows] == NONE)
        self._by_port(payloads, chosen, rows[left], table[np.maximum(source[left], destination[left])])

    def _by_port(
        self,
        payloads: Payloads,
        chosen: NDArray[np.uint8],
        rows: NDArray[np.int64],
        claimed: NDArray[np.uint16],
    ) -> None:
        """Let the applications of each row's port group claim it."""
        _, groups = self._ports
        for group in np.flatnonzero(np.bincount(claimed)):
            members = rows[claimed == group]
            for index in groups[group]:
                self._claim(payloads, chosen, members, index)

    def _claim(
        self, payloads: Payloads, chosen: NDArray[np.uint8], rows: NDArray[np.int64], index: int
    ) -> None:
        rows = rows[chosen[rows] == NONE]
        plausible = self._over(index).plausible
        if len(rows) and plausible is not None:
            rows = rows[plausible(payloads.select(rows))]
        chosen[rows] = index
