"""What a person reads of consecutive rows: every cell's text, computed for a whole page at once. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import isnan
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.families import UNUSUAL
from trafficdesk.packets.address import address_texts, mac_texts
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.info import info_texts
from trafficdesk.packets.log import Verdict
from trafficdesk.packets.peers import peers
from trafficdesk.packets.protocol import EtherType, Status, protocol_name
from trafficdesk.ui.models.packet_time import time_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

_ADDRESSED: Final = (EtherType.IPV4, EtherType.IPV6, EtherType.ARP)


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
    PROGRAM = 9
    HOST = 10
    COUNTRY = 11
    SYSTEM = 12
    INTERFACE = 13
    THREAT = 14
    LIKENESS = 15
    COMMENT = 16


TITLES: Final = (
    "No.", "Time", "Source", "Destination", "Protocol", "Length", "Info", "Finding", "Score",
    "Program", "Host", "Country", "Provider", "Interface", "Threat list", "Looks like", "Comment",
)  # fmt: skip
TEXT_COLUMNS: Final = 7
"""Columns before FINDING never change once a packet is in the log."""
IDENTITY_COLUMNS: Final = (
    Column.PROGRAM, Column.HOST, Column.COUNTRY, Column.SYSTEM, Column.INTERFACE, Column.THREAT, Column.LIKENESS,
)  # fmt: skip
"""Known by and by, or renamed; shown left of INFO."""


class Look(IntEnum):
    """How a row stands out."""

    PLAIN = 0
    COLLATERAL = 1
    """An ordinary row inside an incident: dimmed."""
    UNUSUAL = 2
    """Flagged by the model alone: amber."""
    FAMILY = 3
    """Named by a behaviour rule: red."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What analysis said of one row, ready to be drawn."""

    word: str = ""
    """The family's word; colour never stands alone."""
    score: float = float("nan")
    """High = anomalous, 1.0 = the model's threshold; NaN = unknown."""
    score_text: str = ""
    """Two decimals; empty while nothing is known."""
    look: Look = Look.PLAIN
    incident: int = 0

    @property
    def flagged(self) -> bool:
        """Whether the row is highlighted."""
        return self.look >= Look.UNUSUAL


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


def identity_columns(log: PacketLog, ids: NDArray[np.int64]) -> list[list[str]]:
    """Texts of `IDENTITY_COLUMNS`, one list of len(ids) texts each."""
    programs, hosts, threats = log.identities.programs, log.identities.hosts, log.identities.threats
    countries, systems = _places(log, ids)
    return [
        [programs[number].label for number in log.column("program", ids).tolist()],
        [hosts[number].name for number in log.column("host", ids).tolist()],
        countries,
        systems,
        interface_texts(log.interfaces, log.column("interface", ids)),
        [threats[number].list_name for number in log.column("threat", ids).tolist()],
        likeness_texts(log, ids),
    ]


def likeness_texts(log: PacketLog, ids: NDArray[np.int64]) -> list[str]:
    """What a classifier says of each row: "backup 0.87", else the application it behaves like."""
    texts = [""] * len(ids)
    for name, share in (("application", "application_likeness"), ("label", "likeness")):
        numbers = log.column(name, ids)
        for row in np.flatnonzero(numbers).tolist():
            percent = int(log.column(share, ids[row : row + 1])[0])
            texts[row] = f"{log.identities.labels[int(numbers[row])]} {percent / 100:.2f}"
    return texts


def interface_texts(names: Sequence[str], numbers: NDArray[np.uint16]) -> list[str]:
    """Names of interfaces; of one without a name its number, but for the only one."""
    known = dict(enumerate(names))
    several = len(names) > 1
    return [known.get(number) or (f"{number}" if number or several else "") for number in numbers.tolist()]


def _places(log: PacketLog, ids: NDArray[np.int64]) -> tuple[list[str], list[str]]:
    """Country and provider of each row's peer."""
    countries, systems = [""] * len(ids), [""] * len(ids)
    locations = log.identities.locations
    if locations is not None:
        far, there = peers(log.take(ids), log.identities.own)
        for row in np.flatnonzero(there).tolist():
            packed = far[row].tobytes()
            countries[row] = locations.country(packed)
            systems[row] = system_text(*locations.system(packed))
    return countries, systems


def system_text(number: int, name: str) -> str:
    """An autonomous system as a person knows it: "AS36459 GitHub"."""
    return f"AS{number} {name}".rstrip() if number else ""


def marks(
    log: PacketLog, ids: NDArray[np.int64], words: tuple[str, ...], family_of: Callable[[int], int]
) -> list[Mark]:
    """What analysis said of each row.

    `words` names the families by index, 0 = the model's own; `family_of` tells an incident's: a row that only the
    model found odd belongs to the incident, too, from before its rule spoke.
    """
    columns = (log.column(name, ids).tolist() for name in ("score", "verdict", "family", "incident"))
    return [
        Mark(
            _word(verdict, family if family not in {0, UNUSUAL} else family_of(incident), words),
            score,
            score_text(score),
            _LOOKS[verdict],
            incident,
        )
        for score, verdict, family, incident in zip(*columns, strict=True)
    ]


def score_text(score: float) -> str:
    """Two decimals; empty while nothing is known."""
    return "" if isnan(score) else f"{score:.2f}".replace("-0.00", "0.00")


def endpoint_texts(batch: PacketBatch, side: str) -> list[str]:
    """Network address where there is one, else the link's, else nothing; `side` is source or destination."""
    texts = np.full(len(batch), "", object)
    addressed = np.isin(batch["network"], _ADDRESSED)
    texts[addressed] = address_texts(batch[side][addressed])
    macs = batch[f"{side}_mac"]
    linked = ~addressed & (macs != NO_MAC)
    texts[linked] = mac_texts(macs[linked])
    return list(texts.tolist())


def _info(batch: PacketBatch) -> list[str]:
    texts = list(info_texts(batch).tolist())
    # Truncation is not said: with a snap length it would stand on every other row.
    for row in np.flatnonzero(batch["status"] == Status.MALFORMED).tolist():
        texts[row] = f"[malformed] {texts[row]}".rstrip()
    return texts


def _word(verdict: int, family: int, words: tuple[str, ...]) -> str:
    word = words[family] if family < len(words) else words[0]
    if verdict & Verdict.SUPPRESSED:
        return f"({word})"
    if _LOOKS[verdict] < Look.UNUSUAL:
        return ""
    return f"{word} · known-bad" if verdict & Verdict.KNOWN_BAD else word


def _look(verdict: int) -> Look:
    if verdict & Verdict.FAMILY:
        return Look.FAMILY
    if verdict & Verdict.UNUSUAL:
        return Look.UNUSUAL
    return Look.COLLATERAL if verdict & Verdict.COLLATERAL else Look.PLAIN


_LOOKS: Final = tuple(_look(verdict) for verdict in range(256))
"""By the verdict's byte."""
