"""Three weeks of `monitor` take no more memory than two: all that it keeps beside the detector is bounded.

The detector itself is `test_day_long`'s. Ever new hosts, names, ports and incidents, suppressed rows among them; bounds
that only months would reach are made smaller.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tests.helpers.crafted import START_NS, a_batch
from tests.helpers.incidents import an_incident
from tests.helpers.sizes import deep_size
from trafficdesk.alerts.policy import AlertPolicy
from trafficdesk.cli.going_incidents import GoingIncidents
from trafficdesk.cli.monitor_lines import MonitorLines
from trafficdesk.decode.conversations import Conversations
from trafficdesk.detect.corrections import Corrections
from trafficdesk.detect.families import FAMILY_INDEX
from trafficdesk.detect.finding import Detection
from trafficdesk.detect.suppression import SuppressionRule
from trafficdesk.export.json_lines import JsonLines
from trafficdesk.identity import Identifier
from trafficdesk.identity.names import Names
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.packets.identities import Host, Interned, NameEvidence, NameSource
from trafficdesk.packets.log import Verdict
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import MailSettings
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import RollUp

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from trafficdesk.packets.batch import PacketBatch

TURN_S = 3 * 3_600
TURNS = 21 * 8
ROWS = 150
NAMES = 200
OPENED = 12
HOSTS = 12_000
INCIDENTS = 200
S = 1_000_000_000
SCAN = FAMILY_INDEX["port scan"]


class Weeks:
    """What a monitor holds, three hours a turn."""

    def __init__(self, folder: Path) -> None:
        self.random = np.random.default_rng(1)
        self.session = AnalysisSession(131_072)
        self.session.begin()
        identities = self.session.log.identities
        identities.hosts = Interned(Host(), HOSTS)
        self.session.identifier = Identifier(identities)
        self.session.identifier.identity._names = Names(identities.hosts, 5_000)
        rule = SuppressionRule(number=1, port=443)
        self.session.recall.corrections = Corrections((rule,))
        identities.own = np.frombuffer(bytes(10) + b"\xff\xff\xc0\x00\x02\x01", "V16")
        self.decoding = Conversations()
        self.tables = TrafficTables(12, identities)
        self.roll_up = RollUp(1, identities)
        self.policy = AlertPolicy(MailSettings(minimum_severity=0, max_per_hour=1_000))
        self.going = GoingIncidents()
        self.lines = MonitorLines(
            JsonLines(str(folder / "x.jsonl"), max_bytes=50_000, kept=2, on_error=_never), 0
        )
        self.turn = 0

    def pass_on(self) -> None:
        """Packets, names, incidents, and what follows."""
        batch = self.session.identifier.identify(self.decoding.follow(self._batch()))
        self.session.ingest(batch)
        self.tables.add(batch)
        self.roll_up.add(batch, 1, Parcel())
        while (stretch := self.session.next_stretch(live=False)) is not None:
            update = self.session.apply(self._said(stretch.batch()))
            told = self.going.take(update.incidents, float(self.turn * TURN_S))
            self.lines.incidents(told)
            self.policy.due(update.incidents, 1)
        now_ns = START_NS + self.turn * TURN_S * S
        self.lines.incidents(self.going.settle(float(self.turn * TURN_S), now_ns))
        self.session.metrics.snapshot()
        self.turn += 1

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each part."""
        session = self.session
        return {
            "log": deep_size(session.log),
            "metrics": deep_size(session.metrics),
            "findings": deep_size(session.findings._chunks, session.findings._incidents),
            "recall": deep_size(session.recall._told, session.recall._hushed, vars(session.recall._rows)),
            "describer": deep_size(session.describer._rows, session.describer._looks._rows),
            "identity": deep_size(
                session.identifier.identity._names, session.identifier.identity._conversations
            ),
            "recent": deep_size(session._recent._parts, session._passed),
            "decoding": deep_size(self.decoding),
            "tables": deep_size(self.tables._flows, self.tables._pairs, self.tables._dns),
            "roll-up": deep_size(self.roll_up._hosts_of_day, self.roll_up._ends, self.roll_up._services),
            "alerts": deep_size(self.policy._told, self.policy._last_by_kind, self.policy._sent_at),
            "going": deep_size(self.going),
        }

    def _batch(self) -> PacketBatch:
        first = self.turn * ROWS
        octets = self.random.integers(1, 255, (ROWS, 4))
        batch = a_batch(
            ROWS,
            first_id=first,
            timestamp_ns=START_NS + self.turn * TURN_S * S + np.arange(ROWS) * S,
            destination=[".".join(map(str, four)) for four in octets.tolist()],
            source_port=self.random.integers(1_024, 65_535, ROWS),
            destination_port=self.random.choice([53, 80, 443], ROWS),
            ip_protocol=self.random.choice([6, 17], ROWS),
            tcp_flags=2,
        )
        addresses = self.random.bytes(16 * NAMES)
        names = NameEvidence(
            np.sort(self.random.integers(first, first + ROWS, NAMES)),
            np.frombuffer(bytes(16 * NAMES), "V16"),
            np.frombuffer(addresses, "V16"),
            np.full(NAMES, NameSource.DNS, np.uint8),
            tuple(f"host-{self.turn}-{number}.example.com" for number in range(NAMES)),
        )
        return replace(batch, names=names)

    def _said(self, batch: PacketBatch) -> Detection:
        rows, ids = len(batch), batch.first_id + np.arange(len(batch))
        flagged = np.arange(0, 2 * OPENED)
        incident = np.zeros(rows, np.int32)
        incident[flagged] = self.turn * OPENED + 1 + np.arange(2 * OPENED) % OPENED
        verdict = np.full(rows, Verdict.SCORED, np.uint8)
        verdict[flagged] |= np.uint8(Verdict.FAMILY)
        end_ns = int(batch["timestamp_ns"][-1])
        return Detection(
            first_id=batch.first_id,
            score=np.ones(rows, np.float32),
            verdict=verdict,
            family=np.where(incident > 0, SCAN, 0).astype(np.uint8),
            incident=incident,
            flagged_ids=ids[flagged],
            reason_features=np.zeros((len(flagged), 3), np.int16),
            reason_values=np.ones((len(flagged), 3), np.float32),
            reason_usual=np.ones((len(flagged), 3), np.float32),
            incidents=tuple(
                an_incident(id=number, culprit=f"192.0.2.{number % 250}", start_ns=end_ns, end_ns=end_ns)
                for number in sorted(set(incident[flagged].tolist()))
            ),
        )


def _never(error: Exception) -> None:
    raise AssertionError(error)


def test_memory_is_flat_over_weeks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part has grown by a tenth in the third week, and each bound was reached."""
    for place, bound in (
        ("detect.findings.MAX_INCIDENTS", INCIDENTS),
        ("detect.findings._CHUNK_ROWS", 100),
        ("detect.recall.MAX_INCIDENTS", INCIDENTS),
        ("detect.touched_rows.MAX_ROWS", INCIDENTS),
        ("cli.going_incidents.MOST", INCIDENTS),
        ("alerts.policy._REMEMBERED", INCIDENTS),
    ):
        monkeypatch.setattr(f"trafficdesk.{place}", bound)
    weeks = Weeks(tmp_path)
    weeks.session.findings._max_rows = INCIDENTS
    most: list[dict[str, int]] = [{}, {}, {}]
    for turn in range(TURNS):
        weeks.pass_on()
        if turn % 8 == 7:
            week = most[turn * len(most) // TURNS]
            week |= {name: max(size, week.get(name, 0)) for name, size in weeks.sizes.items()}
    assert {name: size for name, size in most[2].items() if size > 1.1 * most[1][name]} == {}
    recall = weeks.session.recall
    assert (
        len(weeks.session.findings.incidents)
        == len(recall._rows._ids)
        == len(weeks.policy._told)
        == INCIDENTS
    )
    assert len(recall._told) <= 2 * INCIDENTS
    assert len(weeks.session.log.identities.hosts) == HOSTS
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 3 * 50_000
