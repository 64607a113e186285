"""Reports of a span: of one machine's part where only that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.stored import NOON_S, NS, random_batch
from trafficdesk.report.past import report_of_span
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.history import History, Span
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import QUALITY_MINUTE, SENSOR

if TYPE_CHECKING:
    from pathlib import Path


def test_a_report_of_one_machine(tmp_path: Path) -> None:
    """Its name is in the title; every part is its own alone, and all machines' is the sum."""
    database = Database(file_url(tmp_path / "history.db"))
    bring_up_to_date(database)
    parcel = Parcel()
    for number, rows in ((7, 400), (8, 900)):
        RollUp(number).add(random_batch(rows, number), NOON_S * NS, parcel)
        parcel.add_row(SENSOR, number, str(number), f"desk {number}")
        parcel.add_row(QUALITY_MINUTE, NOON_S, number, rows, 0, number, 0, 0, 0)
    with database.transaction() as connection:
        parcel.write(database, connection)
    history = History(database)
    one, both = (report_of_span(history, Span(NOON_S, NOON_S + 600, sensor)) for sensor in (8, None))
    database.close()
    assert one.title.startswith("desk 8: ")
    assert both.title[:2] == "20"
    assert (one.summary["packets"], both.summary["packets"]) == (900, 1_300)
    assert (one.summary["scored"], both.summary["scored"]) == (900, 1_300)
    assert (one.summary["flagged"], both.summary["flagged"]) == (8, 15)
    for report, rows in ((one, 900), (both, 1_300)):
        assert sum(row["packets"] for row in report.summary["packet_lengths"]["rows"]) == rows
        assert sum(row["sent_packets"] for row in report.summary["hosts"]) == rows
        assert report.over_time.of("packets").sum() == rows
