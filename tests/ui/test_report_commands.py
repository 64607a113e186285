"""File, Report…: written in a thread, in every form; PDF pages load nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QFileDialog

from tests.helpers.crafted import a_batch
from trafficdesk.export.summary_json import Summary
from trafficdesk.report import page_for_paper
from trafficdesk.session import AnalysisSession
from trafficdesk.ui.paper import Page, pdf_bytes
from trafficdesk.ui.report_commands import report_of_log, write_form

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from trafficdesk.app import Desktop
    from trafficdesk.report import Report


@pytest.fixture
def report() -> Report:
    session = AnalysisSession()
    session.ingest(a_batch(3_000))
    return report_of_log(session.log, Summary(session.metrics.snapshot()), "<b>eth0</b>", lambda _share: None)


@pytest.mark.parametrize(
    ("suffix", "begin"), [(".html", b"<!doctype html>"), (".pdf", b"%PDF"), (".md", b"# \\<b\\>eth0")]
)
def test_every_form(qtbot: QtBot, tmp_path: Path, report: Report, suffix: str, begin: bytes) -> None:
    """What the log keeps, as the suffix says."""
    path = tmp_path / f"report{suffix}"
    write_form(path, report)
    assert path.read_bytes().lstrip().startswith(begin)
    if suffix != ".pdf":
        assert b"3,000" in path.read_bytes()


def test_counts_are_those_of_the_log(report: Report) -> None:
    """Charts and tables are of every row kept."""
    assert report.over_time.of("packets").sum() == 3_000
    assert sum(row["packets"] for row in report.summary["packet_lengths"]["rows"]) == 3_000


def test_a_page_opens_no_file(qtbot: QtBot, tmp_path: Path, report: Report) -> None:
    """A picture from elsewhere is empty, ours are drawn; hostile markup does not reach the page."""
    page, pictures = page_for_paper(report)
    assert "<b>eth0</b>" not in page
    outside = tmp_path / "outside.svg"
    outside.write_text(next(iter(pictures.values())))
    document = Page(page, pictures)
    kind = QTextDocument.ResourceType.ImageResource.value
    assert document.loadResource(kind, QUrl.fromLocalFile(str(outside))).isNull()
    assert document.loadResource(kind, QUrl("https://example.com/x.png")).isNull()
    assert document.loadResource(kind, QUrl(str(outside))).isNull()
    assert not document.loadResource(kind, QUrl(f"chart:{next(iter(pictures))}")).isNull()
    assert pdf_bytes(page, pictures).rstrip().endswith(b"%%EOF")


def test_from_the_menu(
    qtbot: QtBot, tmp_path: Path, desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a capture the chosen file is written and told of; without one the banner says what is missing."""
    commands = desktop.commands.report
    desktop.window.actions_["report"].trigger()
    assert not commands.running
    with qtbot.waitSignal(desktop.desk.loaded, timeout=60_000):
        desktop.desk.open_sample()
    path = tmp_path / "mine"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "PDF (*.pdf)"))
    desktop.window.actions_["report"].trigger()
    qtbot.waitUntil(lambda: not commands.running, timeout=60_000)
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
