"""Reports: complete, self-contained, harmless, and never half-written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from trafficdesk.errors import ExportError
from trafficdesk.metrics import MetricsSnapshot
from trafficdesk.metrics.rates import Series
from trafficdesk.report import Report, page_for_paper, write_report

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<script>alert(1)</script>|*\x1b[31m"


def summary(**changes: Any) -> dict[str, Any]:
    return {
        "packets": 1234,
        "bytes": 5_600_000,
        "first_ns": 1_700_000_000_000_000_000,
        "last_ns": 1_700_000_060_000_000_000,
        "protocols": {
            "TLS": {"packets": 1000, "bytes": 5_000_000},
            "DNS": {"packets": 234, "bytes": 600_000},
        },
        "top_sources": [{"address": "192.0.2.7", "packets": 9, "bytes": 900}],
        "top_destinations": [],
        "unique_ip": 12,
        "unique_mac": 3,
        "throughput_bps": 1.0,
        "latency_ms": {
            "tcp_handshake": {"median": 12.3, "p95": 40.0, "n": 5},
            "dns": {"median": None, "p95": None, "n": 0},
        },
        "incidents": [
            {
                "id": 1,
                "family": "port scan",
                "start_ns": 1_700_000_010_000_000_000,
                "end_ns": 1_700_000_020_000_000_000,
                "culprit": "192.0.2.66",
                "peers": ["192.0.2.7"],
                "packets": 212,
                "severity": 80,
                "sentence": HOSTILE,
                "threat": f"203.0.113.7 is on the list “{HOSTILE}” (of today)",
                "reasons": [],
            }
        ],
        "flagged": 212,
        "threats": [
            {
                "list": HOSTILE,
                "entry": "203.0.113.0/24",
                "met": "203.0.113.7",
                "dated_s": 1_700_000_000,
                "packets": 3,
                "first_ns": 1_700_000_010_000_000_000,
                "last_ns": 1_700_000_010_000_000_000,
            }
        ],
        "dropped": {"kernel": 0, "queue": 0, "disk": 0},
        "unscored": 0,
        "version": "0",
        "seed": 1,
        **changes,
    }


METRICS = MetricsSnapshot(
    seconds=np.array([10, 11, 15]), bytes_per_s=np.array([100, 900, 5]), widths=np.ones(3, np.int64)
)


def test_html_is_self_contained_and_escaped(tmp_path: Path) -> None:
    """The page tells the incident, loads nothing, and shows hostile text as text."""
    path = tmp_path / "report.html"
    write_report(path, Report(HOSTILE, summary(), METRICS))
    page = path.read_text()
    assert "port scan" in page
    assert "192.0.2.66" in page
    assert "<svg" in page
    assert "<td>203.0.113.7</td>" in page
    assert "2023-11-14</td><td>203.0.113.0/24</td>" in page
    assert "<script" not in page
    assert "\x1b" not in page
    assert "http://" not in page
    assert "https://" not in page


def full() -> Report:
    """Hostile text wherever a report has text from the network."""
    row = {
        "address_a": HOSTILE,
        "address_b": "::1",
        "host": HOSTILE,
        "packets": 1,
        "bytes": 2,
        "duration_s": 0.5,
    }
    hit = {
        "list": HOSTILE,
        "entry": HOSTILE,
        "met": HOSTILE,
        "dated_s": 0,
        "packets": 1,
        "first_ns": 1,
        "last_ns": 2,
    }
    gap = {"interface": HOSTILE, "start_ns": 1, "end_ns": None, "reason": HOSTILE}
    incident = summary()["incidents"][0] | {
        "culprit": HOSTILE,
        "peers": [HOSTILE],
        "reasons": [{"words": HOSTILE}],
    }
    told = summary(
        conversations={"IPv4": {"rows": [row]}}, threats=[hit], gaps=[gap], incidents=[incident],
        packet_lengths={"rows": [{"length_bytes": "40-79", "packets": 3, "bytes": 180}]},
        protocols={HOSTILE: {"packets": 1, "bytes": 5}},
    )  # fmt: skip
    values = np.array([[1.0, 5], [4, 9], [2, 7]])
    series = Series(np.array([0, 1, 2]), values, ("packets", "bytes"), 1)
    return Report(HOSTILE, told, series=series, notes=(HOSTILE,))


def test_every_part_is_there_and_harmless(tmp_path: Path) -> None:
    """Charts, lengths, conversations, threat lists, reasons and gaps, none of them able to become markup."""
    html, markdown = tmp_path / "report.html", tmp_path / "report.md"
    for path in (html, markdown):
        write_report(path, full())
        page = path.read_text()
        for part in ("Conversations", "Packet lengths", "On threat lists", "rises and falls", "captured:"):
            assert part in page
        assert "\x1b" not in page
    assert "<script" not in html.read_text()
    assert html.read_text().count("<svg") == 4
    assert "<script" not in markdown.read_text().replace("\\<", "")


def test_paper_has_pictures_of_ours_only() -> None:
    """The page names the pictures that come with it, and nothing else that could be loaded."""
    page, pictures = page_for_paper(full())
    assert set(pictures) == {"volume", "protocols", "lengths", "correlation"}
    assert page.count("<img") == page.count('<img src="chart:') == 4
    assert "<script" not in page


def test_markdown_escapes_its_own_signs(tmp_path: Path) -> None:
    """Hostile text can't make a table cell, emphasis or a tag in Markdown."""
    path = tmp_path / "report.md"
    write_report(path, Report("capture", summary(), METRICS))
    page = path.read_text()
    assert "\\<script\\>" in page
    assert "\\|\\*" in page
    assert "| 203.0.113.7 | \\<script\\>" in page


@pytest.mark.parametrize("suffix", [".html", ".md"])
def test_what_no_list_has_is_not_mentioned(tmp_path: Path, suffix: str) -> None:
    """An incident that no threat list knows ends with its sentence."""
    incident = summary()["incidents"][0] | {"threat": None, "sentence": "It was odd."}
    path = tmp_path / f"report{suffix}"
    write_report(path, Report("capture", summary(incidents=[incident], threats=[]), MetricsSnapshot()))
    assert "It was odd." in path.read_text()
    assert "None" not in path.read_text()


def test_quiet_capture_says_so(tmp_path: Path) -> None:
    """No incidents and no volume still make a page."""
    path = tmp_path / "report.html"
    write_report(path, Report("capture", summary(incidents=[], threats=[]), MetricsSnapshot()))
    assert "Nothing. 1,234 packets" in path.read_text()
    assert "threat lists" not in path.read_text()


def test_unknown_suffix_is_refused(tmp_path: Path) -> None:
    """A format that we can't write is an error with the ones we can."""
    with pytest.raises(ExportError, match=r"\.html or \.md"):
        write_report(tmp_path / "report.docx", Report("capture", summary(), METRICS))


def test_unwritable_folder_leaves_nothing(tmp_path: Path) -> None:
    """A folder that is not there gives a sentence, not a traceback."""
    with pytest.raises(ExportError, match="can't be written"):
        write_report(tmp_path / "missing" / "report.html", Report("capture", summary(), METRICS))
