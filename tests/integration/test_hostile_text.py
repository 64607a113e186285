"""What strangers write into names, hellos and requests stays text wherever TrafficDesk shows, writes or sends it."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import threading
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextDocument
from PySide6.QtWidgets import QLabel

from tests.helpers.hostile import (
    PORTS,
    TEXTS,
    Markup,
    as_shown,
    hostile_cells,
    is_inert,
    target_of,
    write_capture,
)
from tests.helpers.mail_server import PASSWORD, USER, mail_server, make_authority
from trafficdesk.alerts import AlertDispatcher
from trafficdesk.alerts.channels import webhook_body
from trafficdesk.alerts.smtp import send
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.cli import main
from trafficdesk.cli.going_incidents import Turn
from trafficdesk.cli.live_view import LiveView
from trafficdesk.decode import Conversations, decode_named
from trafficdesk.detect.detector import Detector
from trafficdesk.evidence.enclosures import Enclosures
from trafficdesk.export.incidents_csv import write_incidents_csv
from trafficdesk.export.json_lines import JsonLines
from trafficdesk.export.rows_csv import export_rows
from trafficdesk.export.sheet_csv import write_sheet
from trafficdesk.export.summary_json import incident_of
from trafficdesk.logs import log_path, start_logging
from trafficdesk.metrics.conversations import Kind
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.metrics.traffic_sheets import conversation_sheet, endpoint_sheet
from trafficdesk.packets.address import address_text
from trafficdesk.paths import data_dir
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import DetectionSettings, HistorySettings, MailSettings, Settings
from trafficdesk.settings import file as settings_file
from trafficdesk.store.keeping import Keeping
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.panels.incident_card import IncidentCard
from trafficdesk.ui.panels.packet_table import PacketTable
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from trafficdesk.detect.finding import Incident

SETTINGS = DetectionSettings(incidents_per_day=50)
DISPLAY, TIP, SPOKEN = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)
FILE = "=cmd<img src=x onerror=alert(1)>\x1b[2J\u202e[x](javascript:alert(1))\r\nBcc: a@b.pcapng"
LOUD = MailSettings(
    enabled=True,
    server="localhost",
    user=USER,
    sender="watch@example.com",
    recipients=("a@example.com",),
    max_per_hour=1_000,
    minimum_severity=0,
    timeout_s=20.0,
    evidence_wait_s=0,
)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / FILE
    write_capture(path)
    return path


@pytest.fixture(scope="module")
def session(capture: Path) -> Iterator[AnalysisSession]:
    """The capture analysed: for each text an incident that names its bearer."""
    made, detector, conversations = AnalysisSession(), Detector(SETTINGS), Conversations()
    made.begin()
    with CaptureFile(capture) as file:
        made.frames = lambda: file
        for block in file.blocks():
            batch = conversations.follow(decode_named(block.numbered(made.log.end_id)))
            made.ingest(made.identifier.identify(batch))
            while (rows := made.next_for_analysis()) is not None:
                made.apply(detector.process(rows))
        yield made
    made.identifier.close()


@pytest.fixture(scope="module")
def incidents(session: AnalysisSession) -> dict[str, Incident]:
    """By text."""
    by_peer = {incident.peers[0]: incident for incident in session.incidents}
    return {name: by_peer[address_text(bytes(10) + b"\xff\xff" + target_of(name))] for name in TEXTS}


def beginning(name: str) -> str:
    """As much of a text as every surface has room for, as it is shown."""
    return as_shown(name).casefold()[:40]


def missing(text: str) -> set[str]:
    """Texts that did not get as far as this."""
    return {name for name in TEXTS if beginning(name) not in text.casefold()}


def all_there(text: str, *, but: frozenset[str] = frozenset()) -> None:
    """Every text did: the test looks at something."""
    assert missing(text) <= but


def test_each_text_names_an_incident(incidents: dict[str, Incident]) -> None:
    """All of them get as far as the sentence that people are told."""
    all_there("\n".join(incident.sentence for incident in incidents.values()))
    assert all(is_inert(incident.sentence) for incident in incidents.values())


def test_the_packet_table(qtbot: QtBot, session: AnalysisSession) -> None:
    """Cells and what a screen reader says show escapes; a tooltip is a page without any element of theirs."""
    model = PacketTableModel(session, LIGHT, ("Unusual", "Port scan"))
    model.show_all()
    shown, tips = set(), set()
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            index = model.index(row, column)
            shown |= {str(index.data(role)) for role in (DISPLAY, SPOKEN)}
            if row % 10 == 0 or not row % (2 * PORTS + 6) // 6:
                tips.add(str(index.data(TIP) or ""))
    assert [text for text in shown if not is_inert(text)] == []
    all_there("\n".join(shown))
    said = ""
    for tip in tips:
        assert is_inert(tip, lines=True)
        assert Markup(tip).active == []
        page = QTextDocument()
        page.setHtml(tip)
        assert links_and_pictures(page) == []
        said += page.toPlainText() + "\n"
    all_there(said, but=frozenset({"long"}))


def test_what_is_copied(qtbot: QtBot, session: AnalysisSession) -> None:
    """Pasted into a spreadsheet, no cell is a formula and none begins a line of its own."""
    table = PacketTable(PacketTableModel(session, LIGHT, ("Unusual", "Port scan")), LIGHT)
    qtbot.addWidget(table)
    table.selectAll()
    table.copy_rows()
    pasted = QGuiApplication.clipboard().text()
    rows = [line.split("\t") for line in pasted.removesuffix("\n").split("\n")]
    assert len({len(row) for row in rows}) == 1
    assert hostile_cells(rows) == []
    all_there(pasted)


def test_incident_cards(qtbot: QtBot, incidents: dict[str, Incident]) -> None:
    """No label takes markup, none shows what steers."""
    card = IncidentCard(LIGHT)
    qtbot.addWidget(card)
    card.resize(300, 300)
    said = ""
    for incident in incidents.values():
        card.show_incident(incident)
        labels = card.findChildren(QLabel)
        assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
        texts = [label.text() for label in labels] + [card._sentence.text(), card.accessibleName()]
        assert [text for text in texts if not is_inert(text)] == []
        assert all(Markup(widget.toolTip()).active == [] for widget in (card, *labels))
        said += "\n".join(texts)
    all_there(said)


def test_tables_for_spreadsheets(
    session: AnalysisSession, incidents: dict[str, Incident], tmp_path: Path
) -> None:
    """Rows, incidents, conversations and endpoints: no formula, no character that can't be seen, no broken row."""
    rows = tmp_path / "rows.csv"
    export_rows(rows, session.log, session.findings, np.arange(session.log.end_id))
    found, sheets = io.BytesIO(), [io.BytesIO(), io.BytesIO()]
    write_incidents_csv(found, incidents.values())
    tables = TrafficTables(identities=session.log.identities)
    tables.add(session.log.take(np.arange(session.log.end_id)))
    tables.tell(session.log)
    write_sheet(sheets[0], conversation_sheet(tables.conversations(Kind.TCP), 0, session.log.identities))
    write_sheet(sheets[1], endpoint_sheet(tables.endpoints(Kind.IPV4), session.log.identities))
    for data in (rows.read_bytes(), found.getvalue(), *(sheet.getvalue() for sheet in sheets)):
        cells = list(csv.reader(io.StringIO(data.decode(), newline="")))
        assert len({len(row) for row in cells}) == 1
        assert hostile_cells(cells) == []
    all_there(rows.read_text().replace('""', '"'))
    all_there(found.getvalue().decode().replace('""', '"'))
    all_there(sheets[0].getvalue().decode().replace('""', '"'))


@pytest.fixture(scope="module")
def written(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """What `analyze` writes of the capture, and what it says in the terminal."""
    folder = tmp_path_factory.mktemp("written")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAFFICDESK_HOME", str(folder / "home"))
        settings_file.save(Settings(detection=SETTINGS))
        outputs = [
            *("--packets-csv", str(folder / "packets.csv"), "--incidents-csv", str(folder / "incidents.csv")),
            *("--json", str(folder / "summary.json"), "--report", str(folder / "report.html")),
        ]
        said = io.StringIO()
        patch.setattr("sys.stdout", said)
        assert main(["analyze", str(capture), *outputs]) == 0
        for suffix in ("md", "pdf"):
            assert main(["report", str(capture), "--output", str(folder / f"report.{suffix}")]) == 0
        patch.undo()
        yield folder, said.getvalue()


def test_the_terminal(written: tuple[Path, str]) -> None:
    """Nothing that `analyze` says clears a screen, renames a window, or turns a line round."""
    _, said = written
    assert is_inert(said, lines=True)
    assert len(missing(said)) <= len(TEXTS) - 20  # the first twenty incidents are told


def test_files_of_the_command_line(written: tuple[Path, str]) -> None:
    """CSVs without formulas; JSON in ASCII, which shown in a terminal does nothing."""
    folder, _ = written
    for name in ("packets.csv", "incidents.csv"):
        cells = list(csv.reader(io.StringIO((folder / name).read_bytes().decode(), newline="")))
        assert hostile_cells(cells) == []
    raw = (folder / "summary.json").read_bytes()
    assert is_inert(raw.decode(), lines=True)
    all_there("\n".join(one["sentence"] for one in json.loads(raw)["incidents"]))


def test_reports(qtbot: QtBot, written: tuple[Path, str]) -> None:
    """HTML, Markdown and PDF: no element, link or picture that a packet chose; the PDF does nothing when opened."""
    folder, _ = written
    page = (folder / "report.html").read_text()
    assert is_inert(page, lines=True)
    assert Markup(page).active == []
    all_there(Markup(page).text)
    markdown = (folder / "report.md").read_text()
    assert is_inert(markdown, lines=True)
    read = QTextDocument()
    read.setMarkdown(markdown)
    assert [one for one in links_and_pictures(read) if not one.startswith("data:image/")] == []
    all_there(read.toPlainText(), but=frozenset({"markdown"}))
    assert "javascript:alert(1)" in read.toPlainText()
    paper = (folder / "report.pdf").read_bytes()
    assert not [
        word for word in (b"/JavaScript", b"/JS", b"/URI", b"/Launch", b"/OpenAction") if word in paper
    ]


def links_and_pictures(document: QTextDocument) -> list[str]:
    """Where a document leads, or what it would load."""
    found, block = [], document.begin()
    while block.isValid():
        for span in block:
            form = span.fragment().charFormat()
            found += [form.anchorHref()] if form.isAnchor() else []
            found += [form.toImageFormat().name()] if form.isImageFormat() else []
        block = block.next()
    return found


# aiosmtpd 1.4.6 warns of its own ways
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_mails_and_their_evidence(
    session: AnalysisSession, incidents: dict[str, Incident], tmp_path: Path
) -> None:
    """Through a real server: nobody else gets one, no header is theirs, both bodies and all attachments are inert."""
    files = make_authority(tmp_path)
    context = files.client_context()
    with mail_server(files) as (port, received):
        sent = threading.Semaphore(0)
        mails = AlertDispatcher(
            replace(LOUD, port=port),
            lambda: PASSWORD,
            evidence=Enclosures(lambda: SETTINGS),
            on_sent=lambda _dialogue: sent.release(),
            send=lambda *said, accepted: send(*said, context=context, accepted=accepted),
        )
        mails.handle(incidents.values(), session)
        assert all(sent.acquire(timeout=240) for _ in incidents)
        assert mails.close(30) == 0
    assert received.recipients == [["a@example.com"]] * len(TEXTS)
    texts = []
    for raw in received.messages:
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert {"to": mail["To"], "cc": mail["Cc"], "bcc": mail["Bcc"]} == {
            "to": "a@example.com",
            "cc": None,
            "bcc": None,
        }
        assert all(is_inert(name + str(value)) for name, value in mail.items())
        texts.append([part_checked(part) for part in mail.walk()])
    for texts_of_kind in zip(*texts, strict=True):
        if any(texts_of_kind):
            all_there("\n".join(texts_of_kind))


def part_checked(part: email.message.EmailMessage) -> str:
    """The text of a mail's part, which can't do anything."""
    assert is_inert(part.get_filename() or "")
    if part.get_content_type() == "text/plain":
        words = str(part.get_content()).replace("\r\n", "\n")
        assert is_inert(words, lines=True)
        return words
    if part.get_content_type() == "text/html":
        words = str(part.get_content()).replace("\r\n", "\n")
        assert Markup(words).active == []
        assert is_inert(words, lines=True)
    if part.get_content_type() == "application/zip":
        return evidence_checked(part.get_content())
    return ""


def evidence_checked(archive: bytes) -> str:
    """The page of an evidence zip, all of whose files can't do anything."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        assert all(is_inert(name) and "/" not in name and ".." not in name for name in files.namelist())
        page = files.read("page.html").decode()
        cells = list(csv.reader(io.StringIO(files.read("rows.csv").decode(), newline="")))
        why = files.read("why.json").decode()
    assert Markup(page).active == []
    assert is_inert(page, lines=True)
    assert hostile_cells(cells) == []
    assert is_inert(why, lines=True)
    json.loads(why)
    return Markup(page).text


def test_webhook_and_json_lines(incidents: dict[str, Incident], tmp_path: Path) -> None:
    """One line of ASCII, from which the sentence comes back as it was."""
    path = tmp_path / "lines.json"
    lines = JsonLines(str(path), on_error=lambda error: pytest.fail(str(error)))
    for incident in incidents.values():
        body = webhook_body(incident)
        assert body.isascii()
        assert body.isprintable()
        assert json.loads(body)["sentence"] == incident.sentence
        lines.write(incident_of(incident))
    lines.close()
    written = path.read_text().splitlines()
    assert len(written) == len(TEXTS)
    assert all(line.isascii() and line.isprintable() for line in written)


def test_the_log(session: AnalysisSession, incidents: dict[str, Incident]) -> None:
    """An alert is one line, whatever the name would like to add."""
    start_logging()
    mails = AlertDispatcher(replace(LOUD, enabled=False), lambda: "")
    mails.handle(incidents.values(), session)
    mails.close()
    lines = [line for line in log_path().read_text().split("\n") if line]
    assert len(lines) == len(TEXTS)
    assert all(is_inert(line) and "alert: port scan" in line for line in lines)
    all_there("\n".join(lines))


def test_the_live_view(incidents: dict[str, Incident]) -> None:
    """Plain lines, one for each incident and none of theirs."""
    out = io.StringIO()
    view = LiveView("eth0\x1b[2J", out, 0.0)
    view.incidents((Turn.OPENED, incident) for incident in incidents.values())
    view.say("\x1b]0;owned\x07")
    lines = out.getvalue().splitlines()
    assert len(lines) == len(TEXTS) + 2
    assert is_inert(out.getvalue(), lines=True)
    all_there(out.getvalue())


def test_the_history(session: AnalysisSession, capsys: pytest.CaptureFixture[str]) -> None:
    """Recorded, asked for, told in the terminal, as JSON and as a report: text each time."""
    keeping = Keeping(HistorySettings(), data_dir(), lambda _server, _user: "")
    keeping.recorder.begin("eth0<b>\x1b[2J", session.log.identities)
    ids = np.arange(session.log.end_id)
    keeping.recorder.add(session.log.take(ids))
    keeping.recorder.tell(session.incidents)
    assert keeping.close()
    span = ["--since", "2023-01-01", "--until", "2030-01-01"]
    assert main(["history", *span]) == 0
    said = capsys.readouterr().out
    assert is_inert(said, lines=True)
    assert main(["history", *span, "--json", "-"]) == 0
    told = capsys.readouterr().out
    assert is_inert(told, lines=True)
    all_there(json.dumps(json.loads(told), ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\"))
