"""Exports of the log: the rows asked for, in order, with what analysis said; whole or not at all."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.crafted import a_batch
from tests.helpers.incidents import an_incident
from trafficdesk.detect.families import FAMILIES
from trafficdesk.detect.finding import Detection
from trafficdesk.errors import ExportError
from trafficdesk.export import rows_csv
from trafficdesk.export.rows_csv import Stopped, export_rows, incident_rows
from trafficdesk.packets.log import Verdict
from trafficdesk.session import AnalysisSession

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 50


@pytest.fixture
def session() -> AnalysisSession:
    """Fifty rows, of which 10, 11 and 40 are flagged, the first two in incident 7."""
    session = AnalysisSession()
    session.ingest(a_batch(ROWS))
    flagged = np.array([10, 11, 40])
    score, verdict = np.full(ROWS, 0.25, np.float32), np.full(ROWS, int(Verdict.SCORED), np.uint8)
    family, incident = np.zeros(ROWS, np.uint8), np.zeros(ROWS, np.int32)
    score[flagged] = 2.5
    verdict[flagged] |= int(Verdict.FAMILY)
    family[flagged] = 1
    incident[flagged[:2]] = 7
    session.apply(
        Detection(
            first_id=0,
            score=score,
            verdict=verdict,
            family=family,
            incident=incident,
            flagged_ids=flagged,
            reason_features=np.zeros((3, 3), np.int16),
            reason_values=np.full((3, 3), 5, np.float32),
            reason_usual=np.full((3, 3), 1, np.float32),
            incidents=(an_incident(),),
        )
    )
    return session


def table(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode(), newline=""), strict=True))


def test_rows_are_those_asked_for(session: AnalysisSession, tmp_path: Path) -> None:
    """Selected rows in the order given, with score, flag, incident, family and sentence."""
    path, told = tmp_path / "rows.csv", []
    assert export_rows(path, session.log, session.findings, np.array([40, 10, 3]), progress=told.append) == 3
    rows = table(path.read_bytes())
    assert [row["number"] for row in rows] == ["41", "11", "4"]
    assert [row["flagged"] for row in rows] == ["1", "1", "0"]
    assert [row["incident"] for row in rows] == ["", "7", ""]
    assert [row["family"] for row in rows] == [FAMILIES[1].name, FAMILIES[1].name, ""]
    assert [row["score"] for row in rows] == ["2.500000", "2.500000", "0.250000"]
    assert rows[0]["reason"] == session.findings.sentence_of(40)
    assert rows[2]["reason"] == ""
    assert told[-1] == 1


def test_rows_that_have_left_are_passed_over(session: AnalysisSession, tmp_path: Path) -> None:
    """A row that is no longer in the log is no error."""
    path = tmp_path / "rows.csv"
    assert export_rows(path, session.log, session.findings, np.array([-1, 5, ROWS, ROWS + 9])) == 1
    assert [row["number"] for row in table(path.read_bytes())] == ["6"]


def test_stop_leaves_nothing(
    session: AnalysisSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between blocks, the old file is untouched and no part lies about."""
    monkeypatch.setattr(rows_csv, "BLOCK_ROWS", 10)
    path = tmp_path / "rows.csv"
    path.write_text("old")
    answers = iter([False, False, True])
    with pytest.raises(Stopped):
        export_rows(path, session.log, session.findings, np.arange(ROWS), stop=lambda: next(answers))
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_unwritable_target_is_a_sentence(session: AnalysisSession, tmp_path: Path) -> None:
    """A folder in the way gives ExportError."""
    with pytest.raises(ExportError, match="can't be written"):
        export_rows(tmp_path, session.log, session.findings, np.arange(3))


def test_evidence_is_the_incidents_rows(session: AnalysisSession) -> None:
    """Evidence has that incident's rows and no others, at most as many as asked for."""
    assert [row["number"] for row in table(incident_rows(session.log, session.findings, an_incident()))] == [
        "11",
        "12",
    ]
    assert len(table(incident_rows(session.log, session.findings, an_incident(), limit=1))) == 1
    assert table(incident_rows(session.log, session.findings, an_incident(id=99))) == []
