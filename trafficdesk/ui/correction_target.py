"""What a person pointed at: flagged rows of an incident, or of the selection, by culprit. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.detect.families import FAMILIES, UNUSUAL
from trafficdesk.detect.labelling import Group
from trafficdesk.detect.suppression import LogColumns, SuppressionRule
from trafficdesk.packets.address import address_text, mac_text
from trafficdesk.packets.log import FLAGGED, Verdict
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Incident
    from trafficdesk.packets.log import PacketLog
    from trafficdesk.session import AnalysisSession

MOST_ROWS = 50_000
"""As many as the detector remembers."""
MOST_GROUPS = 50
"""Culprits of a selection; who means more wants a rule."""
_SAID = FLAGGED | int(Verdict.SUPPRESSED)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is corrected."""

    words: str
    """"Port scan · 192.168.1.60", "12 packets"."""
    groups: tuple[Group, ...]
    incident: int = 0
    """Its number where it is one."""

    @property
    def ids(self) -> NDArray[np.int64]:
        """Ascending packet_ids of all groups."""
        parts = [group.ids for group in self.groups]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def of_incident(session: AnalysisSession, incident: Incident, words: str) -> Target:
    """The flagged rows of an incident."""

    def mine(_batch: object, said: dict[str, NDArray[np.generic]]) -> NDArray[np.bool_]:
        return np.asarray(
            (said["incident"] == incident.id) & ((said["verdict"].astype(np.uint8) & _SAID) != 0)
        )

    ids = session.log.select(mine)[-MOST_ROWS:]
    return Target(words, (_group(session.log, ids, incident.family, incident.culprit),), incident.id)


def of_rows(session: AnalysisSession, ids: NDArray[np.int64], *, flagged_only: bool) -> Target:
    """Of some rows those that are flagged, or all of them; by incident, else by sender."""
    log = session.log
    ids = np.sort(ids)[-MOST_ROWS:]
    if flagged_only:
        ids = ids[(log.column("verdict", ids) & _SAID) != 0]
    words = f"packet {ids[0] + 1:,}" if len(ids) == 1 else f"{len(ids):,} packets"
    incident = log.column("incident", ids)
    groups: list[Group] = []
    for number in np.unique(incident).tolist():
        mine = ids[incident == number]
        found = session.findings.incident(number) if number else None
        if found is not None:
            groups.append(_group(log, mine, found.family, found.culprit))
        else:
            groups += _by_sender(log, mine)
    return Target(words, tuple(groups[:MOST_GROUPS]))


def rule_for(session: AnalysisSession, target: Target, number: int, *, now_ns: int) -> SuppressionRule:
    """A rule that holds for all of `target`: each part is what its rows have in common."""
    log, ids = session.log, target.ids
    rows = LogColumns(log, ids)
    family = {group.family for group in target.groups}
    program = _common(rows["program"])
    host = _common(rows["host"])
    low = np.minimum(rows["source_port"], rows["destination_port"])
    peer = log.identities.hosts[int(host)].name if host else ""
    return SuppressionRule(
        number=number,
        program=log.identities.programs[int(program)].name if program else "",
        peer=peer or _common_address(rows, target.groups[0].culprit),
        port=max(0, int(_common(low) or 0)),
        family=family.pop() if len(family) == 1 else "",
        noted_ns=now_ns,
    )


def _common(values: NDArray[np.generic]) -> np.generic | None:
    """What all have; None where they differ."""
    distinct = np.unique(values)
    return distinct[0] if len(distinct) == 1 else None


def _common_address(rows: LogColumns, culprit: str) -> str:
    """An address that is an end of every row, another than the culprit's if there is one."""
    ends = [[one.tobytes() for one in rows[side]] for side in ("source", "destination")]
    common = set(zip(*ends, strict=True))
    every = set.intersection(*({source, destination} for source, destination in common))
    texts = sorted(address_text(one) for one in every if any(one))
    others = [text for text in texts if text != culprit]
    return (others or texts or [""])[0]


def _by_sender(log: PacketLog, ids: NDArray[np.int64]) -> list[Group]:
    senders, inverse = np.unique(_names(log, ids, "source"), return_inverse=True)
    groups = []
    for number, sender in enumerate(senders.tolist()):
        mine = ids[inverse == number]
        family = FAMILIES[int(log.column("family", mine[:1])[0]) or UNUSUAL].name
        groups.append(Group(mine, family, sender, int(mine[0]), culprit_at_source=True))
    return groups


def _group(log: PacketLog, ids: NDArray[np.int64], family: str, culprit: str) -> Group:
    for side in ("source", "destination"):
        for names in (_names(log, ids, side), _macs(log, ids, side)):
            at = np.flatnonzero(names == culprit)
            if len(at):
                return Group(ids, family, culprit, int(ids[at[0]]), culprit_at_source=side == "source")
    return Group(ids, family, culprit, -1, culprit_at_source=True)


def _names(log: PacketLog, ids: NDArray[np.int64], side: str) -> NDArray[np.str_]:
    """(ids,) network address, else the link's."""
    network = log.column("network", ids)
    addressed = np.isin(network, (EtherType.IPV4, EtherType.IPV6, EtherType.ARP))
    texts = [address_text(one.tobytes()) for one in log.column(side, ids)]
    return np.where(addressed, np.array(texts or [""], str)[: len(ids)], _macs(log, ids, side))


def _macs(log: PacketLog, ids: NDArray[np.int64], side: str) -> NDArray[np.str_]:
    texts = [mac_text(int(one)) for one in log.column(f"{side}_mac", ids)]
    return np.array(texts or [""], str)[: len(ids)]
