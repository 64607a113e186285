"""`Expectations`: conversations that another one announces: FTP's data connections and TFTP's answers from a new port."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.flows import end_of
from trafficdesk.packets.protocol import IpProtocol, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

CAPACITY: Final = 4_096
"""Announced ends kept; the oldest leave first."""
_TFTP_PORT: Final = 69
_PASSIVE: Final = (227, 229)
"""FTP replies that name a port to connect to (RFC 959 section 4.2, RFC 2428 section 3)."""
_FIVE_NUMBERS: Final = re.compile(rb"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)")
_EXTENDED: Final = re.compile(rb"\|\|\|(\d+)\|")
_COMMAND: Final = b"PORT "


class Expectations:
    """Ends of conversations to come, by a hash of address and port, and what will be spoken there."""

    def __init__(self) -> None:
        self._ends = np.empty(0, np.uint64)
        self._protocols = np.empty(0, np.uint16)
        self._since = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._ends)

    def note(self, batch: PacketBatch) -> None:
        """Take in what the batch's FTP control connections and TFTP requests announce."""
        requests = np.flatnonzero(
            (batch["protocol"] == Protocol.TFTP) & (batch["destination_port"] == _TFTP_PORT)
        )
        if len(requests):
            ends = end_of(batch["source"][requests], batch["source_port"][requests].astype(np.int64))
            self._add(ends, Protocol.TFTP, batch.first_id + requests)
        self._note_ftp(batch)

    def _note_ftp(self, batch: PacketBatch) -> None:
        """Only control lines that name a port are looked at: a few per transferred file."""
        control = np.flatnonzero((batch["protocol"] == Protocol.FTP) & (batch["text_length"] > 0))
        if not len(control):
            return
        replies = np.isin(batch["application_code"][control], _PASSIVE)
        for row in control[replies].tolist():
            self._expect_ftp(batch, row, _port_of(batch.text_of(row)))
        for row in control[batch["application_code"][control] == 0].tolist():
            text = batch.text_of(row)
            if text.startswith(_COMMAND):
                self._expect_ftp(batch, row, _port_of(text))

    def _expect_ftp(self, batch: PacketBatch, row: int, port: int | None) -> None:
        """Whoever named the port listens on it; the address in the line may be another network's."""
        if port is not None:
            rows = np.array([row])
            ends = end_of(batch["source"][rows], np.array([port], np.int64))
            self._add(ends, Protocol.FTP_DATA, batch.first_id + rows)

    def _add(self, ends: NDArray[np.uint64], protocol: Protocol, since: NDArray[np.int64]) -> None:
        self._ends = np.append(self._ends, ends)[-CAPACITY:]
        self._protocols = np.append(self._protocols, np.full(len(ends), protocol, np.uint16))[-CAPACITY:]
        self._since = np.append(self._since, since)[-CAPACITY:]

    def of(
        self, ends: tuple[NDArray[np.uint64], NDArray[np.uint64]], number: int, ids: NDArray[np.int64]
    ) -> NDArray[np.uint16]:
        """(rows,) the protocol expected at either end over the IP protocol `number`; 0 = none.

        Parameters
        ----------
        ids : (rows,) packet_id of each; what a later packet announces is not expected yet.
        """
        found = np.zeros(len(ends[0]), np.uint16)
        mine = np.isin(self._protocols, _OVER_UDP) == (number == IpProtocol.UDP)
        wanted, protocols, since = self._ends[mine], self._protocols[mine], self._since[mine]
        if not len(wanted):
            return found
        order = np.argsort(wanted, kind="stable")
        # Of an end that was announced several times the first announcement comes first.
        wanted, protocols, since = wanted[order], protocols[order], since[order]
        for end in ends:
            place = np.minimum(np.searchsorted(wanted, end), len(wanted) - 1)
            hit = (wanted[place] == end) & (since[place] < ids)
            found[hit] = protocols[place[hit]]
        return found


_OVER_UDP: Final = (Protocol.TFTP,)


def _port_of(line: bytes) -> int | None:
    """The port that a line of FTP names, None where it names none."""
    if match := _EXTENDED.search(line):
        port = int(match.group(1)[:6])
    elif match := _FIVE_NUMBERS.search(line):
        port = int(match.group(5)[:4]) * 256 + int(match.group(6)[:4])
    else:
        return None
    return port if 0 < port <= 0xFFFF else None
