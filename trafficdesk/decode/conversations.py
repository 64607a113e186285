"""`Conversations`: what a packet can only be called in the light of those before it in its conversation.

`decode` looks at one block of frames and remembers nothing; this stage follows it, batch by batch and in order, and
fills the columns `tcp_relative_*` and `tcp_notes`, names the segments and datagrams whose conversation has shown its
protocol before, takes the name off a segment that only repeats what was there already, and gives later fragments the
ports of their packet's first one. How the capture was cut into batches makes no difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.decode.conversation_table import CONVERSATION, ConversationTable
from trafficdesk.decode.expectations import Expectations
from trafficdesk.decode.flows import Flows
from trafficdesk.decode.fragments import FragmentedPackets
from trafficdesk.decode.segments import reused_ports, to_remember, with_remembered
from trafficdesk.decode.tcp_analysis import analyse
from trafficdesk.packets.protocol import IpProtocol, Protocol, Status, TcpNote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

_LASTING_STREAMS: Final = (
    Protocol.TLS,
    Protocol.SSH,
    Protocol.HTTP,
    Protocol.HTTP2,
    Protocol.VNC,
    Protocol.FIX,
    Protocol.BITTORRENT,
    Protocol.RTSP,
    Protocol.SIP,
    Protocol.SMB2,
    Protocol.DCERPC,
    Protocol.CEPH,
)
_LASTING_DATAGRAMS: Final = (Protocol.QUIC, Protocol.GQUIC, Protocol.RAKNET)
"""Recognised by payload on any port; what follows in their conversations need not be recognisable."""
_IS_LASTING: Final = np.isin(np.arange(1 << 10), _LASTING_STREAMS)
_IS_LASTING_DATAGRAM: Final = np.isin(np.arange(1 << 10), _LASTING_DATAGRAMS)
_SWITCHING: Final = 101
"""HTTP status after which the connection speaks another protocol (RFC 9110 section 15.2.2)."""
_NEEDS_PROOF: Final = np.isin(np.arange(1 << 10), (Protocol.HTTP, Protocol.SIP, Protocol.RTSP, Protocol.TLS))
_REPEATED: Final = int(
    TcpNote.RETRANSMISSION | TcpNote.OUT_OF_ORDER | TcpNote.KEEP_ALIVE | TcpNote.ZERO_WINDOW_PROBE
)
"""Segments whose payload Wireshark does not look into."""


class Conversations:
    """Follows the conversations of one capture.

    Parameters
    ----------
    capacity : conversations remembered at most; the state is bounded by it.
    """

    def __init__(self, capacity: int | None = None) -> None:
        self._segments = ConversationTable() if capacity is None else ConversationTable(capacity)
        self._datagrams = ConversationTable() if capacity is None else ConversationTable(capacity)
        self._expected = Expectations()
        self._fragmented = FragmentedPackets()

    def follow(self, batch: PacketBatch) -> PacketBatch:
        """The batch with what the conversations say; batches must come in the order of the capture."""
        columns = dict(batch.columns)
        self._expected.note(batch)
        changed = self._fragmented.carry_ports(batch, columns)
        changed |= self._follow_segments(batch, columns)
        changed |= self._follow_datagrams(batch, columns)
        return replace(batch, columns=columns) if changed else batch

    def _follow_segments(self, batch: PacketBatch, columns: dict[str, NDArray[Any]]) -> bool:
        rows = np.flatnonzero(
            (batch["ip_protocol"] == IpProtocol.TCP)
            & (batch["source_port"] >= 0)
            & (batch["fragment_offset"] <= 0)
            # Of a header that is not all there only the ports are known.
            & ((batch["status"] == Status.COMPLETE) | (batch["tcp_window"] > 0) | (batch["tcp_flags"] > 0))
        )
        if not len(rows):
            return False
        flows = Flows.of(batch, rows, self._segments)
        reused = reused_ports(flows)
        segments, places = with_remembered(flows, reused)
        analysis = analyse(segments)
        notes = analysis.notes[places]
        notes[reused] |= np.uint16(TcpNote.PORT_REUSED)
        for name, values in (
            ("tcp_notes", notes),
            ("tcp_relative_sequence", analysis.relative_sequence[places]),
            ("tcp_relative_acknowledgement", analysis.relative_acknowledgement[places]),
        ):
            column = np.zeros(len(batch), values.dtype)
            column[flows.rows] = values
            columns[name] = column
        inherited = self._inherited(flows, IpProtocol.TCP, flows.since_first(reused) > 0)
        carried = _carried(_shown(batch, flows.rows), segments.conversation[places], inherited)
        _rename_segments(batch, columns, flows.rows, carried, notes)
        states = to_remember(flows, segments, places, analysis)
        states["application"] = carried[flows.last]
        self._segments.store(flows.keys, states)
        return True

    def _follow_datagrams(self, batch: PacketBatch, columns: dict[str, NDArray[Any]]) -> bool:
        """Datagrams without a name of their own take their conversation's."""
        protocol = batch["protocol"]
        outer = batch["tunnel"] == 0
        plain = (protocol == Protocol.UDP) & outer
        lasting = _IS_LASTING_DATAGRAM[protocol] & (batch["ip_protocol"] == IpProtocol.UDP) & outer
        if not lasting.any() and not ((len(self._datagrams) or len(self._expected)) and plain.any()):
            return False
        rows = np.flatnonzero((plain & (batch["payload_length"] > 0)) | lasting)
        if not len(rows):
            return False
        flows = Flows.of(batch, rows, self._datagrams)
        rows = flows.rows
        # A short header says nothing: it is QUIC's or Google's, as the conversation began.
        short = (protocol[rows] == Protocol.QUIC) & (batch["application_code"][rows] == 0)
        shown = np.where(_IS_LASTING_DATAGRAM[protocol[rows]] & ~short, protocol[rows], np.uint16(0))
        carried = _carried(
            shown, flows.flow, self._inherited(flows, IpProtocol.UDP, np.zeros(len(rows), bool))
        )
        taken = ((protocol[rows] == Protocol.UDP) | short) & (carried != 0)
        column = columns["protocol"].copy()
        column[rows[taken]] = carried[taken]
        columns["protocol"] = column
        last = carried[flows.last]
        states = np.zeros(int((last != 0).sum()), CONVERSATION)
        states["application"] = last[last != 0]
        self._datagrams.store(flows.keys[last != 0], states)
        return True

    def _inherited(self, flows: Flows, number: IpProtocol, anew: NDArray[np.bool_]) -> NDArray[np.uint16]:
        """(rows,) what each row's conversation was called before this batch, or was announced to be; 0 = nothing.

        A conversation that begins `anew` between the same ports inherits nothing; what was announced holds for it, too.
        """
        inherited: NDArray[np.uint16] = flows.states["application"][flows.flow]
        inherited[anew] = 0
        if len(self._expected):
            announced = self._expected.of(flows.ends, number, flows.batch.first_id + flows.rows)
            inherited = np.where(inherited == 0, announced, inherited)
        return inherited


def _shown(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint16]:
    """(rows,) the lasting protocol that each segment shows by itself; 0 = none."""
    protocol = batch["protocol"][rows]
    code = batch["application_code"][rows]
    # What was called so by its port alone shows nothing.
    told = (code != 0) | (batch["text_length"][rows] > 0)
    shown = np.where(_IS_LASTING[protocol] & (told | ~_NEEDS_PROOF[protocol]), protocol, np.uint16(0))
    shown[(protocol == Protocol.HTTP) & (code == _SWITCHING)] = Protocol.WEBSOCKET
    return shown


def _carried(
    shown: NDArray[np.uint16], conversation: NDArray[np.int64], inherited: NDArray[np.uint16]
) -> NDArray[np.uint16]:
    """(rows,) the protocol that each row's conversation showed last, this row included; 0 = none."""
    index = np.arange(len(shown))
    begin = np.maximum.accumulate(np.where(np.append(True, conversation[1:] != conversation[:-1]), index, 0))
    latest = np.maximum.accumulate(np.where(shown != 0, index, -1))
    carried: NDArray[np.uint16] = np.where(latest >= begin, shown[np.maximum(latest, 0)], inherited)
    return carried


def _rename_segments(
    batch: PacketBatch,
    columns: dict[str, NDArray[Any]],
    rows: NDArray[np.int64],
    carried: NDArray[np.uint16],
    notes: NDArray[np.uint16],
) -> None:
    """Name what goes on, and call what only repeats plain TCP."""
    protocol = batch["protocol"][rows]
    has_payload = batch["payload_length"][rows] > 0
    goes_on = has_payload & (carried != 0) & (protocol == Protocol.TCP)
    # HTTP's ports carry much that is not HTTP: body without a head before it is not called so.
    unproven = (protocol == Protocol.HTTP) & (batch["text_length"][rows] == 0) & (carried != Protocol.HTTP)
    renamed = np.where(goes_on, carried, protocol)
    renamed[unproven] = np.where(carried == 0, np.uint16(Protocol.TCP), carried)[unproven]
    repeated = (notes & np.uint16(_REPEATED)) != 0
    renamed[repeated & has_payload] = Protocol.TCP
    if (renamed != protocol).any():
        column = columns["protocol"].copy()
        column[rows] = renamed
        columns["protocol"] = column
