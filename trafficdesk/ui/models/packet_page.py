"""What a person reads of consecutive rows: every cell's text, computed for a whole page at once. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.address import address_texts, mac_texts
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.info import info_texts
from trafficdesk.packets.log import FLAGGED, Verdict
from trafficdesk.packets.protocol import EtherType, Status, protocol_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

NANOSECONDS: Final = 1_000_000_000
_ADDRESSED: Final = (EtherType.IPV4, EtherType.IPV6, EtherType.ARP)
_STATUS_WORDS: Final = {Status.TRUNCATED: "truncated", Status.MALFORMED: "malformed"}


class Column(IntEnum):
    """Columns of the packet table, left to right."""

    NUMBER = 0
    TIME = 1
    SOURCE = 2
    DESTINATION = 3
    PROTOCOL = 4
    LENGTH = 5
    INFO = 6
    FINDING = 7
    SCORE = 8


TITLES: Final = ("No.", "Time", "Source", "Destination", "Protocol", "Length", "Info", "Finding", "Score")
TEXT_COLUMNS: Final = 7
"""Columns before FINDING never change once a packet is in the log."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What analysis said of one row, ready to be drawn."""

    word: str = ""
    """The family's word; colour never stands alone."""
    score: float = float("nan")
    """High = anomalous, 1.0 = the model's threshold; NaN = unknown."""
    verdict: int = 0
    """`packets.log.Verdict` bits."""
    incident: int = 0

    @property
    def score_text(self) -> str:
        """Two decimals; empty while nothing is known."""
        return "" if self.score != self.score else f"{self.score:.2f}"  # noqa: PLR0124  # NaN

    @property
    def flagged(self) -> bool:
        """Whether the row is highlighted."""
        return bool(self.verdict & FLAGGED)

    @property
    def named(self) -> bool:
        """Whether a behaviour rule named it (red), not the model alone (amber)."""
        return bool(self.verdict & Verdict.FAMILY)

    @property
    def collateral(self) -> bool:
        """Whether it is an ordinary row inside an incident."""
        return bool(self.verdict & Verdict.COLLATERAL) and not self.flagged


def text_columns(log: PacketLog, ids: NDArray[np.int64]) -> list[list[str]]:
    """Texts of the columns before FINDING, one list of len(ids) texts each."""
    batch = log.take(ids)
    return [
        [f"{number + 1:,}" for number in ids.tolist()],
        time_texts(batch["timestamp_ns"]),
        endpoint_texts(batch, "source"),
        endpoint_texts(batch, "destination"),
        [protocol_name(number) for number in batch["protocol"].tolist()],
        [f"{length:,}" for length in batch["length"].tolist()],
        _info(batch),
    ]


def marks(log: PacketLog, ids: NDArray[np.int64], words: tuple[str, ...]) -> list[Mark]:
    """What analysis said of each row; `words` names the families by index, 0 = the model's own."""
    columns = (log.column(name, ids).tolist() for name in ("score", "verdict", "family", "incident"))
    return [
        Mark(_word(verdict, family, words), score, verdict, incident)
        for score, verdict, family, incident in zip(*columns, strict=True)
    ]


def time_texts(timestamps_ns: NDArray[np.int64]) -> list[str]:
    """Local time of day to the microsecond, HH:MM:SS.ffffff."""
    clocks: dict[int, str] = {}
    texts = []
    for timestamp_ns in timestamps_ns.tolist():
        second, rest = divmod(timestamp_ns, NANOSECONDS)
        if second not in clocks:
            clocks[second] = _clock(second)
        texts.append(f"{clocks[second]}.{rest // 1_000:06d}")
    return texts


def endpoint_texts(batch: PacketBatch, side: str) -> list[str]:
    """Network address where there is one, else the link's, else nothing; `side` is source or destination."""
    texts = np.full(len(batch), "", object)
    addressed = np.isin(batch["network"], _ADDRESSED)
    texts[addressed] = address_texts(batch[side][addressed])
    macs = batch[f"{side}_mac"]
    linked = ~addressed & (macs != NO_MAC)
    texts[linked] = mac_texts(macs[linked])
    return list(texts.tolist())


def _clock(second: int) -> str:
    try:
        return datetime.fromtimestamp(second).astimezone().strftime("%H:%M:%S")
    except (OverflowError, OSError, ValueError):
        # A broken file may claim any year; the platform's clock knows fewer.
        return "--:--:--"


def _info(batch: PacketBatch) -> list[str]:
    texts = list(info_texts(batch).tolist())
    for row in np.flatnonzero(np.isin(batch["status"], list(_STATUS_WORDS))).tolist():
        texts[row] = f"[{_STATUS_WORDS[Status(int(batch['status'][row]))]}] {texts[row]}".rstrip()
    return texts


def _word(verdict: int, family: int, words: tuple[str, ...]) -> str:
    if verdict & Verdict.FAMILY and 0 < family < len(words):
        return words[family]
    if verdict & FLAGGED:
        return words[0]
    return ""
