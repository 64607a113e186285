"""Who is behind what was found: sentences of the analysis with the program and the peer's name in front.

The detector knows addresses; here, on the way to people, they get the names that the log knows by then.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.classify.stored import LooksByIncident, words_of
from trafficdesk.packets.identities import Certainty
from trafficdesk.packets.log import Verdict
from trafficdesk.packets.peers import peers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.detect.finding import Detection, Incident
    from trafficdesk.detect.listed import Listed
    from trafficdesk.packets.identities import Host, Program
    from trafficdesk.packets.log import PacketLog

_INCIDENTS: Final = 200
"""Whose rows are counted; older ones are closed."""
_MOSTLY: Final = 0.5
"""Share of an incident's rows that must agree: of a scan of many hosts no single one is told."""


class Describer:
    """Names incidents and rows of one log.

    Parameters
    ----------
    log : whose columns `program` and `host` are read.
    listed : says what threat lists have of a row; None = nobody does.
    """

    def __init__(self, log: PacketLog, listed: Listed | None = None) -> None:
        self._log = log
        self._listed = listed
        self._rows: OrderedDict[int, Counter[tuple[int, int]]] = OrderedDict()
        """(program, host) of each incident's rows."""
        self._looks = LooksByIncident(log)

    def clear(self) -> None:
        """Another capture begins."""
        self._rows.clear()
        self._looks.clear()

    def named(self, detection: Detection) -> Detection:
        """The same with its incidents' sentences naming program and peer; its rows must be in the log."""
        if not detection.incidents:
            return detection
        own = detection.first_id + np.flatnonzero(detection.incident)
        ids = np.concatenate([own, detection.joined_ids])
        numbers = np.concatenate([detection.incident[own - detection.first_id], detection.joined_incident])
        for incident in detection.incidents:
            self._count(incident.id, ids[numbers == incident.id])
        return replace(detection, incidents=tuple(map(self._incident, detection.incidents)))

    def sentence(self, packet_id: int, sentence: str) -> str:
        """What is said of a row, with its program and peer in front, and what threat lists say behind."""
        if not sentence or not self._log.first_id <= packet_id < self._log.end_id:
            return sentence
        at = np.array([packet_id])
        if hit := self.listed(packet_id):
            sentence = f"{sentence.removesuffix('.')}. {hit[:1].upper()}{hit[1:]}"
        program, host = (int(self._log.column(name, at)[0]) for name in ("program", "host"))
        return self._with_who(program, host, sentence)

    def who(self, packet_id: int) -> str:
        """One line about a row: "firefox (seen, pid 4242) → github.com (TLS SNI) · AS36459 GitHub · US"."""
        if not self._log.first_id <= packet_id < self._log.end_id:
            return ""
        at = np.array([packet_id])
        identities = self._log.identities
        own = "TrafficDesk's own" if self._log.column("verdict", at)[0] & Verdict.OWN else ""
        program = identities.programs[int(self._log.column("program", at)[0])]
        host = identities.hosts[int(self._log.column("host", at)[0])]
        ends = " → ".join(filter(None, (program_words(program), host_words(host))))
        return " · ".join(
            filter(
                None, (own, ends, *self._place(at), words_of(self._log, packet_id), self.listed(packet_id))
            )
        )

    def listed(self, packet_id: int) -> str:
        """What a threat list has of a row: "203.0.113.7 is on the list “Feodo” (2 days old)"; empty = nothing."""
        if self._listed is None or not self._log.first_id <= packet_id < self._log.end_id:
            return ""
        return self._listed.sentence(int(self._log.column("threat", np.array([packet_id]))[0]))

    def _place(self, at: np.ndarray) -> list[str]:
        identities = self._log.identities
        if identities.locations is None:
            return []
        far, there = peers(self._log.take(at), identities.own)
        if not there[0]:
            return []
        packed = far[0].tobytes()
        number, name = identities.locations.system(packed)
        return [f"AS{number} {name}".rstrip() if number else "", identities.locations.country(packed)]

    def _count(self, incident: int, ids: np.ndarray) -> None:
        ids = ids[(ids >= self._log.first_id) & (ids < self._log.end_id)]
        counted = self._rows.setdefault(incident, Counter())
        self._rows.move_to_end(incident)
        while len(self._rows) > _INCIDENTS:
            self._rows.popitem(last=False)
        pairs = zip(
            self._log.column("program", ids).tolist(), self._log.column("host", ids).tolist(), strict=True
        )
        counted.update(pairs)
        self._looks.add(incident, ids)

    def _incident(self, incident: Incident) -> Incident:
        counted = self._rows.get(incident.id, Counter())
        program, host = (_most(counted, part) for part in (0, 1))
        if len(incident.peers) > 1:  # one name of several would mislead
            host = 0
        sentence = self._with_who(program, host, incident.sentence)
        return replace(incident, sentence=sentence, looks_like=self._looks.words(incident.id))

    def looked_again(self, incidents: Iterable[Incident]) -> tuple[Incident, ...]:
        """Incidents with what their rows look like now: another classifier has been asked about all of them."""
        self._looks.clear()
        known = self._log.select(lambda _batch, analysis: analysis["incident"] > 0)
        numbers = self._log.column("incident", known)
        again = []
        for incident in incidents:
            self._looks.add(incident.id, known[numbers == incident.id])
            again.append(replace(incident, looks_like=self._looks.words(incident.id)))
        return tuple(again)

    def _with_who(self, program: int, host: int, sentence: str) -> str:
        doer = self._log.identities.programs[program]
        name = f"{doer.name} (guessed)" if doer.certainty is Certainty.GUESSED else doer.name
        peer = self._log.identities.hosts[host].name
        who = " → ".join(filter(None, (name, peer))) if name else f"→ {peer}" if peer else ""
        return f"{who}: {sentence}" if who else sentence


def program_words(program: Program) -> str:
    """A program, how it is known and its process: "firefox (seen, pid 4242)"."""
    if not program.name:
        return f"program {program.certainty.words}" if program.certainty else ""
    process = f", pid {program.pid}" if program.pid else ""
    return f"{program.name} ({program.certainty.words}{process})"


def host_words(host: Host) -> str:
    """A name and where it is known from: "github.com (TLS SNI)"."""
    return f"{host.name} ({host.source.words})" if host.name else ""


def _most(counted: Counter[tuple[int, int]], part: int) -> int:
    """The program or host that most of the rows have; 0 where there is none, or they don't agree."""
    single: Counter[int] = Counter()
    for pair, rows in counted.items():
        single[pair[part]] += rows
    for number, rows in single.most_common(1):
        return number if rows >= _MOSTLY * single.total() else 0
    return 0
