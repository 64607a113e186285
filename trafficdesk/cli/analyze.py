"""`trafficdesk analyze FILE…`: the whole analysis, prequential: no packet is scored by a model that has seen it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.loss import lost_by_place
from trafficdesk.cli.collection import is_collection
from trafficdesk.cli.corrections import kept_corrections, suppressed_words
from trafficdesk.cli.evidence import shown
from trafficdesk.cli.exit_codes import Exit, complain
from trafficdesk.cli.explanations import Explanations
from trafficdesk.cli.reporting import can_be_written, report_on, write_in_form
from trafficdesk.cli.terminal import Progress, say, size, visible
from trafficdesk.coverage import Coverage
from trafficdesk.errors import BadCaptureFile
from trafficdesk.evidence import is_evidence
from trafficdesk.session import AnalysisSession

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.detect.detector import Detector
    from trafficdesk.export.summary_json import Summary
    from trafficdesk.metrics.rates import Rates
    from trafficdesk.metrics.tables import TrafficTables
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.settings import Settings

LAG_ROWS: Final = 393_216
"""Rows kept before they are written, so that an incident that opens later still claims them; below the 500,000 rows
whose reasons the findings keep."""
_SHOWN: Final = 20
"""Incidents told in the terminal, the most severe ones."""


@dataclass(slots=True)
class Seconds:
    """Where the time went."""

    read: float = 0.0
    decode: float = 0.0
    started: float = field(default_factory=time.perf_counter)


class Analysis:
    """Files through decoder, detector and session, rows written as they leave."""

    def __init__(
        self,
        detector: Detector,
        rows_out: IO[bytes] | None,
        tables: TrafficTables | None = None,
        explain: Iterable[int] = (),
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.session = AnalysisSession(LAG_ROWS, clock_ns=clock_ns)
        self.seconds = Seconds()
        self.detector = detector
        self.tables = tables
        self.rates: Rates | None = None
        """Filled as `tables` are, where they are wanted."""
        self.explanations = Explanations(explain, self.session.findings)
        self._rows_out = rows_out
        self._written = 0

    def correct(self, corrections: Corrections) -> None:
        """Judge with what a person said in mind."""
        self.session.recall.corrections = corrections
        self.detector.corrections = corrections.detector_part()

    def feed(self, batch: PacketBatch) -> None:
        """One batch, whose first_id continues the former."""
        self._write(self.session.log.first_id + self.session.log.rows_evicted_by(len(batch)))
        identified = self.session.identifier.identify(batch)
        self.session.ingest(identified)
        if self.tables is not None:
            self.tables.add(identified)
        if self.rates is not None:
            self.rates.add(identified)
        self.session.settle()
        while (rows := self.session.next_for_analysis()) is not None:
            update = self.session.apply(self.detector.process(rows))
            if self.rates is not None and update.detection is not None:
                self.rates.flag(self.session.log.column("timestamp_ns", update.detection.flagged_ids))
            self.explanations.take(update, self.detector)

    def finish(self) -> None:
        """Write what is still held."""
        self._write(self.session.log.end_id)

    def _write(self, stop: int) -> None:
        if self._rows_out is None:
            return
        from trafficdesk.export.packets_csv import BLOCK_ROWS, write_rows
        from trafficdesk.export.rows_csv import analysis_of

        while self._written < stop:
            end = min(self._written + BLOCK_ROWS, stop)
            ids = np.arange(self._written, end, dtype=np.int64)
            said = analysis_of(self.session.log, self.session.findings, ids)
            write_rows(self._rows_out, self.session.log.slice(self._written, end), analysis=said)
            self._written = end


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if any(map(is_evidence, arguments.files)):
        return shown(arguments)
    if is_collection(arguments):
        from trafficdesk.cli.collection.command import run_collection

        return run_collection(arguments)
    if not can_be_written(arguments.report):
        return Exit.USAGE
    everything = warned_settings()
    settings = everything.detection
    if arguments.seed is not None:
        settings = replace(settings, seed=arguments.seed)
    from trafficdesk.detect.allocation import keep_freed_memory
    from trafficdesk.detect.detector import Detector

    faults: list[BadCaptureFile] = []
    with ExitStack() as stack:
        from trafficdesk.export.atomic import atomic_file
        from trafficdesk.export.packets_csv import header

        out = stack.enter_context(atomic_file(arguments.packets_csv)) if arguments.packets_csv else None
        if out is not None:
            out.write(header(analysed=True))
        keep_freed_memory()
        analysis = Analysis(Detector(settings), out, explain=arguments.explain)
        analysis.tables = tables_for(arguments.json or arguments.report, analysis.session)
        if arguments.report:
            from trafficdesk.metrics.rates import Rates

            analysis.rates = Rates()
        analysis.correct(kept_corrections(wanted=arguments.corrections))
        use_threat_lists(analysis.session, everything)
        for batch in batches_of(arguments.files, analysis.seconds, faults):
            analysis.feed(batch)
        analysis.finish()
    summary = summary_of_analysis(analysis, settings.seed)
    _write_results(arguments, analysis, summary)
    for fault in faults:
        complain(fault)
    return Exit.UNREADABLE if faults else Exit.DONE


def tables_for(json_path: str | None, session: AnalysisSession) -> TrafficTables | None:
    """Tables to be filled, where somebody will read them."""
    if not json_path:
        return None
    from trafficdesk.metrics.tables import TrafficTables

    return TrafficTables(identities=session.log.identities)


def use_threat_lists(session: AnalysisSession, settings: Settings) -> None:
    """Look for what the person's lists have; what is wrong with them is said on stderr."""
    from trafficdesk.threats import Library
    from trafficdesk.threats.library import matching_of
    from trafficdesk.threats.words import complaints

    lists = Library().lists(settings.threats.files)
    for words in complaints(lists, settings.threats, time.time()):
        say(f"trafficdesk: {visible(words)}", to_stderr=True)
    session.log.identities.matching = matching_of(lists, settings.threats.off)


def warned_settings() -> Settings:
    """The person's settings; what is wrong with them is said on stderr."""
    from trafficdesk.settings.file import load

    settings, warnings = load()
    for warning in warnings:
        say(f"trafficdesk: {warning}", to_stderr=True)
    return settings


def batches_of(files: list[str], seconds: Seconds, faults: list[BadCaptureFile]) -> Iterator[PacketBatch]:
    """Every file's packets, numbered through; a broken file's fault is noted and the next one read."""
    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.decode import Conversations, decode_named

    first_id = 0
    for number, name in enumerate(files):
        words = f"analysing {number + 1} of {len(files)}" if len(files) > 1 else "analysing"
        try:
            conversations = Conversations()
            with CaptureFile(name) as file, Progress(words) as bar:
                blocks = iter(file.blocks())
                while True:
                    started = time.perf_counter()
                    block = next(blocks, None)
                    read = time.perf_counter()
                    seconds.read += read - started
                    if block is None:
                        break
                    batch = conversations.follow(decode_named(block.numbered(first_id)))
                    seconds.decode += time.perf_counter() - read
                    yield batch
                    first_id += len(batch)
                    bar.show(file.progress)
        except BadCaptureFile as error:
            faults.append(error)


def summary_of_analysis(analysis: Analysis, seed: int) -> Summary:
    """What was found."""
    from trafficdesk.export.summary_json import Summary

    session, seconds = analysis.session, analysis.seconds
    return Summary(
        metrics=session.metrics.snapshot(),
        incidents=session.incidents,
        flagged=session.flagged,
        scored=session.scored,
        unscored=session.unscored,
        seconds={
            "read": seconds.read,
            "decode": seconds.decode,
            "features": analysis.detector.features_s,
            "detect": analysis.detector.detect_s,
            "total": time.perf_counter() - seconds.started,
        },
        seed=seed,
        tables=analysis.tables.tell(session.log) if analysis.tables else None,
        suppressed=(len(session.suppressed_incidents), session.recall.suppressed_rows),
        threats=session.listed.sightings,
        models=analysis.detector.records,
        explanations=analysis.explanations.found,
    )


def _write_results(arguments: argparse.Namespace, analysis: Analysis, summary: Summary) -> None:
    from trafficdesk.export.atomic import atomic_file

    session = analysis.session
    if arguments.incidents_csv:
        from trafficdesk.export.incidents_csv import write_incidents_csv

        with atomic_file(arguments.incidents_csv) as out:
            write_incidents_csv(out, analysis.session.incidents)
    if arguments.json:
        from trafficdesk.export.summary_json import write_summary

        with atomic_file(arguments.json) as out:
            write_summary(out, summary)
    if arguments.report:
        write_in_form(
            Path(arguments.report), report_on(arguments.files, summary, analysis.rates, session.model)
        )
    if "-" not in {arguments.json, arguments.packets_csv, arguments.incidents_csv}:
        for line in (*summary_lines(summary), *analysis.explanations.lines()):
            say(line)


def summary_lines(summary: Summary) -> Iterator[str]:
    """What a person reads at the end."""
    metrics = summary.metrics
    span = (metrics.last_ns - metrics.first_ns) / 1e9
    yield f"{metrics.packets:,} packets, {size(metrics.bytes)} in {span:,.1f} s of traffic; {summary.flagged:,} flagged"
    shares = ", ".join(f"{name} {packets:,}" for name, packets, _ in metrics.protocols[:8])
    yield f"protocols: {shares or 'none'}"
    if summary.unscored:
        share = Coverage(summary.scored / max(1, summary.scored + summary.unscored)).overall_words
        yield f"{share}: {summary.unscored:,} packets were not analysed, they came faster than they could be"
    if lost := lost_by_place(summary.lost):
        yield f"dropped: {lost}"
    if summary.threats:
        met = sum(sighting.packets for _, sighting in summary.threats)
        yield f"on threat lists: {met:,} packets, {visible(_hits(summary))}"
    yield f"incidents: {len(summary.incidents)}"
    if words := suppressed_words(*summary.suppressed):
        yield words
    gravest = sorted(summary.incidents, key=lambda incident: -incident.severity)[:_SHOWN]
    for incident in sorted(gravest, key=lambda incident: incident.id):
        yield f"  {incident.id}. [{incident.family}, severity {incident.severity}] {visible(incident.sentence)}"
    if len(summary.incidents) > _SHOWN:
        yield f"  and {len(summary.incidents) - _SHOWN} less severe ones; --json and --incidents-csv have all"


def _hits(summary: Summary) -> str:
    """The first few: "203.0.113.7 (Feodo), bad.example (own) and 3 more"."""
    from trafficdesk.detect.words import listed

    return listed(
        tuple(f"{threat.met or threat.entry} ({threat.list_name})" for threat, _ in summary.threats)
    )
