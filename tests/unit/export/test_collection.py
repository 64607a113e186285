"""A collection as JSON and CSV: whole, one file at a time, and as inert as any other export."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from trafficdesk.export.collection import (
    FILE_COLUMNS,
    write_collection_incidents_csv,
    write_collection_json,
    write_files_csv,
)
from trafficdesk.export.incidents_csv import INCIDENT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

INCIDENT = dict.fromkeys(INCIDENT_COLUMNS, 1) | {
    "peers": ["10.0.0.1", "10.0.0.2"], "sentence": 'a, "b"', "threat": None, "severity": 40, "family": "=scan",
}  # fmt: skip
GOOD = dict.fromkeys(FILE_COLUMNS[2:12], 5) | {
    "status": "complete", "fault": "", "incidents": [INCIDENT, INCIDENT | {"severity": 60}],
    "addresses": {"10.0.0.1": (1, 2, 3, 4)},
}  # fmt: skip
BAD = {"status": "unreadable", "fault": "It is empty.", "incidents": [], "details": "Traceback"}
FILES = [("=a\udcff\n.pcap", GOOD), ("b.pcap", BAD)]


def rows(write: Callable[..., None]) -> list[dict[str, str]]:
    out = io.BytesIO()
    write(out, FILES)
    return list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))


def test_one_row_for_each_file() -> None:
    """Numbers where there are any, the sentence where there are none; names start no formula."""
    good, bad = rows(write_files_csv)
    assert good["file"] == "'=a\\udcff\\x0a.pcap"
    assert (good["packets"], good["incidents"], good["most_severe"]) == ("5", "2", "60")
    assert (bad["status"], bad["packets"], bad["incidents"], bad["fault"]) == (
        "unreadable",
        "",
        "",
        "It is empty.",
    )


def test_every_incident_says_whose_it_is() -> None:
    """The columns of one capture's incidents behind the file's name."""
    first, second = rows(write_collection_incidents_csv)
    assert list(first) == ["file", *INCIDENT_COLUMNS]
    assert first["file"] == second["file"] == "'=a\\udcff\\x0a.pcap"
    assert (first["peers"], first["sentence"], first["threat"]) == ("10.0.0.1 10.0.0.2", 'a, "b"', "")
    assert first["family"] == "'=scan"


@pytest.mark.parametrize("files", [FILES, FILES[:1], []])
def test_json_reads_back(files: list[tuple[str, dict[str, Any]]]) -> None:
    """Sums and files, without what is only for adding up and for the log; the name exactly as it is."""
    out = io.BytesIO()
    write_collection_json(out, {"packets": 5}, files)
    told = json.loads(out.getvalue())
    assert told["packets"] == 5
    assert [one["file"] for one in told["files"]] == [path for path, _ in files]
    assert not {"addresses", "details"} & {key for one in told["files"] for key in one}
    out.getvalue().decode("ascii")
