"""The incidents' CSV: exact columns, hostile text harmless."""

from __future__ import annotations

import csv
import io

from tests.helpers.incidents import a_reason, an_incident
from trafficdesk.export.incidents_csv import write_incidents_csv


def test_incidents_read_back() -> None:
    """Every promised column, in order, with its value."""
    stream = io.BytesIO()
    listed = (a_reason(), a_reason(feature="threat list", words="=1.example is on the list “own” (of today)"))
    write_incidents_csv(
        stream, [an_incident(), an_incident(id=8, peers=(), sentence='=cmd|"x", now', reasons=listed)]
    )
    rows = list(csv.reader(io.StringIO(stream.getvalue().decode(), newline="")))
    assert rows[0] == [
        "id",
        "family",
        "start_ns",
        "end_ns",
        "culprit",
        "peers",
        "packets",
        "severity",
        "sentence",
        "threat",
    ]
    assert rows[1][:8] == [
        "7", "port scan", "1700000010000000000", "1700000025000000000", "192.0.2.66", "192.0.2.20 192.0.2.21", "212", "80",
    ]  # fmt: skip
    assert (rows[2][5], rows[2][8]) == ("", '\'=cmd|"x", now')
    assert [row[9] for row in rows[1:]] == ["", "'=1.example is on the list “own” (of today)"]


def test_no_incidents_are_a_header() -> None:
    """A quiet capture gives a table without rows."""
    stream = io.BytesIO()
    write_incidents_csv(stream, [])
    assert stream.getvalue().count(b"\n") == 1
