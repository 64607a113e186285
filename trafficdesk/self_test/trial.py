"""The drill through the whole path: a file of frames in, mails out, and what came of it as a score card."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.capture.synthetic.drill import DRILL
from trafficdesk.capture.synthetic.incidents import CONTROLLER
from trafficdesk.capture.synthetic.sample import DEFAULT_SEED, write_sample
from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX
from trafficdesk.detect.listed import FEATURE
from trafficdesk.detect.rules import RULES
from trafficdesk.packets.protocol import Status
from trafficdesk.self_test.card import Line, ScoreCard
from trafficdesk.self_test.mail_sink import MailSink
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import DetectionSettings, MailSecurity, MailSettings
from trafficdesk.threats import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.capture.synthetic.sample import Truth
    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.process import AnalysisProcess
    from trafficdesk.errors import TrafficDeskError

SEED: Final = 1
"""Of the detector: the same drill gives the same card."""
_LIST: Final = "self-test"
_ADDRESS: Final = "self-test@trafficdesk.invalid"
"""RFC 2606: no mail can go there."""
_WRITTEN: Final = 0.15
"""Share of the time that the making of the frames takes."""
_SENDING_S: Final = 20.0
"""How long mails may take to loopback."""


class Stopped(Exception):  # noqa: N818  # control flow, nothing went wrong
    """The person closed the dialog."""


@dataclass(slots=True)
class _Found:
    """What came of the drill."""

    session: AnalysisSession = field(default_factory=lambda: AnalysisSession(131_072))
    malformed: int = 0
    failures: list[TrafficDeskError] = field(default_factory=list)
    unsent: int = 0
    mails: list[bytes] = field(default_factory=list)


def run_trial(
    progress: Callable[[float], None] = lambda _share: None, stop: Callable[[], bool] = lambda: False
) -> ScoreCard:
    """Run the drill; takes some ten seconds.

    Parameters
    ----------
    progress : told the share done, 0 to 1.
    stop : asked between batches.

    Raises
    ------
    Stopped
        If `stop` said so.
    TrafficDeskError
        If the analysis process can't be started.
    """
    started = time.perf_counter()
    found = _Found()
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="trafficdesk-", ignore_cleanup_errors=True)
            )
        )
        capture = folder / "drill.pcapng"
        truths = write_sample(capture, None, DEFAULT_SEED, DRILL).truths
        sink = stack.enter_context(MailSink())
        _set_up(found.session, folder, stack)
        dispatcher = _dispatcher(sink, found, folder)
        process = _process(stack)
        for share in _steps(capture, found, process, dispatcher):
            progress(_WRITTEN + (1 - _WRITTEN) * share)
            if stop():
                raise Stopped
        found.unsent = dispatcher.close(_SENDING_S)
        sink.close()
        found.mails = sink.messages
        lines = tuple(_lines(found, truths, folder))
    return ScoreCard(lines, time.perf_counter() - started, found.session.log.end_id)


def _set_up(session: AnalysisSession, folder: Path, stack: ExitStack) -> None:
    lists = folder / "lists"
    lists.mkdir()
    (lists / f"{_LIST}.txt").write_text(f"# one made-up address\n{CONTROLLER.text}\n", encoding="utf-8")
    session.begin()
    stack.callback(session.identifier.close)
    session.log.identities.matching = Library(lists).matching()


def _dispatcher(sink: MailSink, found: _Found, folder: Path) -> AlertDispatcher:
    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.evidence.enclosures import Enclosures
    from trafficdesk.store.outbox import StoredOutbox

    settings = MailSettings(
        enabled=True,
        server=sink.address[0],
        port=sink.address[1],
        security=MailSecurity.NONE,
        sender=_ADDRESS,
        recipients=(_ADDRESS,),
        timeout_s=5.0,
        max_per_hour=1_000,
        minimum_severity=0,
        evidence_wait_s=0,
    )

    return AlertDispatcher(
        settings,
        lambda: "",
        outbox=lambda: StoredOutbox(folder),
        evidence=Enclosures(lambda: DetectionSettings(seed=SEED)),
        on_error=found.failures.append,
        logged=False,
    )


def _process(stack: ExitStack) -> AnalysisProcess:
    from trafficdesk.detect.process import AnalysisProcess

    process = AnalysisProcess(DetectionSettings(seed=SEED))
    stack.callback(process.stop)
    process.start()
    process.wait_until_ready(live=False)
    return process


def _steps(
    capture: Path, found: _Found, process: AnalysisProcess, dispatcher: AlertDispatcher
) -> Iterator[float]:
    """Work a batch at a time; the share done."""
    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.decode import Conversations, decode_named

    session, conversations = found.session, Conversations()
    with CaptureFile(str(capture)) as file:
        for block in file.blocks():
            batch = conversations.follow(decode_named(block.numbered(session.log.end_id)))
            found.malformed += int((batch["status"] == Status.MALFORMED).sum())
            session.ingest(session.identifier.identify(batch))
            session.settle()
            while (rows := session.next_for_analysis()) is not None:
                dispatcher.handle(session.apply(process.analyse(rows)).incidents, session)
                yield min(file.progress, 1.0)


def _lines(found: _Found, truths: tuple[Truth, ...], folder: Path) -> Iterator[Line]:
    session = found.session
    subjects = [str(message_from_bytes(mail, policy=policy.default)["Subject"]) for mail in found.mails]
    yield Line(
        "Decoding",
        session.log.end_id > 0 and not found.malformed,
        f"{session.log.end_id:,} packets, {found.malformed} malformed",
    )
    model = session.model
    yield Line("Learning", model.model_id > 0, f"{session.scored:,} packets scored, {model.refits} fits")
    tried = {truth.family for truth in truths}
    for truth in truths:
        yield _family_line(session, truth, subjects)
    for rule in RULES:
        if rule.family not in tried:
            yield Line(_title(rule.family), False, "no drill has been written for it", rule.family)
    yield _alarm_line(session, truths)
    yield _threat_line(session)
    yield _mail_line(found)
    yield _export_line(session, folder)


def _family_line(session: AnalysisSession, truth: Truth, subjects: list[str]) -> Line:
    title = _title(truth.family)
    match = [incident for incident in session.incidents if _is_same(incident, truth)]
    if not match:
        return Line(title, False, f"{truth.note}: not found at {truth.culprit}", truth.family)
    incident = match[0]
    flagged_ns = int(session.log.column("timestamp_ns", np.array([incident.first_packet_id]))[0])
    mail = next((one for one in subjects if title in one and incident.culprit in one), "")
    return Line(
        title,
        bool(mail),
        incident.sentence if mail else f"{incident.sentence} No mail about it arrived.",
        truth.family,
        delay_s=max(0.0, (flagged_ns - truth.start_ns) / 1e9),
        reason=incident.reasons[0].words if incident.reasons else "",
        mail=mail,
    )


def _alarm_line(session: AnalysisSession, truths: tuple[Truth, ...]) -> Line:
    culprits = {truth.culprit for truth in truths}
    wrong = [incident for incident in session.incidents if incident.culprit not in culprits]
    words = ", ".join(f"{incident.culprit} ({incident.family})" for incident in wrong[:3])
    return Line("No false alarm", not wrong, words or "nobody else was named")


def _threat_line(session: AnalysisSession) -> Line:
    told = [
        reason.words
        for incident in session.incidents
        for reason in incident.reasons
        if reason.feature == FEATURE
    ]
    return Line(
        "Threat lists", bool(told), told[0] if told else f"{CONTROLLER.text} was not found on its list"
    )


def _mail_line(found: _Found) -> Line:
    if found.failures:
        return Line("E-mail", False, str(found.failures[0]))
    words = f"{len(found.mails)} mails composed, kept in an outbox and delivered to a server of our own"
    return Line("E-mail", bool(found.mails) and not found.unsent, words)


def _export_line(session: AnalysisSession, folder: Path) -> Line:
    from trafficdesk.export.rows_csv import export_rows
    from trafficdesk.export.summary_json import Summary, summary_of
    from trafficdesk.report import Report, write_report

    ids = np.arange(session.log.first_id, session.log.end_id, dtype=np.int64)
    rows = export_rows(folder / "rows.csv", session.log, session.findings, ids)
    metrics = session.metrics.snapshot()
    summary: dict[str, Any] = summary_of(Summary(metrics, session.incidents, session.flagged))
    page = folder / "report.html"
    write_report(page, Report("Self-test", summary, metrics))
    size = page.stat().st_size
    return Line(
        "Export", rows == len(ids) and size > 1_000, f"{rows:,} rows as CSV, a report of {size:,} bytes"
    )


def _is_same(incident: Incident, truth: Truth) -> bool:
    return (
        incident.family == truth.family
        and incident.culprit == truth.culprit
        and incident.start_ns <= truth.end_ns
        and incident.end_ns >= truth.start_ns
    )


def _title(family: str) -> str:
    return FAMILIES[FAMILY_INDEX[family]].title
