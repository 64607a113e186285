"""`trafficdesk report`: captures, or a span of the history, as HTML, PDF or Markdown; or everything as files."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trafficdesk.cli.analyze import (
    Analysis,
    batches_of,
    summary_of_analysis,
    tables_for,
    use_threat_lists,
    warned_settings,
)
from trafficdesk.cli.corrections import kept_corrections
from trafficdesk.cli.exit_codes import Exit, complain
from trafficdesk.cli.reporting import report_on, write_in_form
from trafficdesk.cli.terminal import say, visible
from trafficdesk.errors import BadCaptureFile, ExportError, TrafficDeskError
from trafficdesk.report import PDF, TEMPLATES, write_bytes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from trafficdesk.metrics.sheets import Sheet
    from trafficdesk.report import Report

_FORMS = (*TEMPLATES, PDF)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if (wrong := _wrong_usage(arguments)) is not None:
        complain(wrong)
        return Exit.USAGE
    if not arguments.files:
        return _report_past(arguments)
    faults: list[BadCaptureFile] = []
    settings = warned_settings()
    detection = settings.detection
    if arguments.seed is not None:
        detection = replace(detection, seed=arguments.seed)
    from trafficdesk.detect.allocation import keep_freed_memory
    from trafficdesk.detect.detector import Detector
    from trafficdesk.metrics.rates import Rates

    keep_freed_memory()
    analysis = Analysis(Detector(detection), None)
    analysis.tables, analysis.rates = tables_for("report", analysis.session), Rates()
    analysis.correct(kept_corrections(wanted=arguments.corrections))
    use_threat_lists(analysis.session, settings)
    for batch in batches_of(arguments.files, analysis.seconds, faults):
        analysis.feed(batch)
    if faults and not analysis.session.log.end_id:
        # A page of nothing would take the place of one that somebody kept.
        for fault in faults:
            complain(fault)
        return Exit.UNREADABLE
    summary = summary_of_analysis(analysis, detection.seed)
    report = report_on(arguments.files, summary, analysis.rates, analysis.session.model)
    notes = tuple(f"{visible(fault.title)} What could be read of it is told here." for fault in faults)
    report = replace(report, notes=notes)
    if arguments.output:
        _write(Path(arguments.output), report)
    if arguments.all:
        folder = _folder(arguments.all)
        _write_everything(folder, report)
        _write_tables(folder, analysis)
    for fault in faults:
        complain(fault)
    return Exit.UNREADABLE if faults else Exit.DONE


def _wrong_usage(arguments: argparse.Namespace) -> TrafficDeskError | None:
    span = arguments.last or arguments.since or arguments.until
    if not arguments.output and not arguments.all:
        return ExportError("Where is the report to be written?", "Name it with -o PATH, or --all DIR.")
    if arguments.output and Path(arguments.output).suffix.lower() not in _FORMS:
        return ExportError(
            f"A report can't be written to {visible(arguments.output)}.",
            f"Name a file ending in {', '.join(_FORMS)}.",
        )
    if not arguments.files and not span:
        return ExportError("Of what is the report to be?", "Name captures, or a span of time: --last 24h.")
    if arguments.files and span:
        return ExportError(
            "A report is of captures or of a span of time.",
            "Leave out the files, or --last, --since, --until.",
        )
    return None


def _report_past(arguments: argparse.Namespace) -> int:
    from trafficdesk.cli.history import BadSpan, span_of
    from trafficdesk.paths import data_dir
    from trafficdesk.report.past import report_of_span
    from trafficdesk.settings.secrets import HistoryPassword
    from trafficdesk.store.history import History
    from trafficdesk.store.keeping import open_store
    from trafficdesk.store.migrations import bring_up_to_date

    try:
        span = span_of(arguments.last or "24h", arguments.since, arguments.until, int(time.time()))
    except BadSpan as error:
        complain(error)
        return Exit.USAGE
    database = open_store(warned_settings().history, data_dir(), HistoryPassword().get)
    try:
        bring_up_to_date(database)
        report = report_of_span(History(database), span)
    finally:
        database.close()
    if arguments.output:
        _write(Path(arguments.output), report)
    if arguments.all:
        from trafficdesk.cli.report_tables import write_past_tables

        folder = _folder(arguments.all)
        _write_everything(folder, report)
        write_past_tables(folder, report.summary)
    return Exit.DONE


def _write(path: Path, report: Report) -> None:
    write_in_form(path, report)
    say(f"The report is in {visible(str(path))}.")


def _folder(name: str) -> Path:
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"The folder {visible(name)} can't be made: {error.strerror}.", "Choose another place."
        ) from error
    return folder


def _write_everything(folder: Path, report: Report) -> None:
    """The report in every form, its charts, and the tables that it is made of."""
    from trafficdesk.export.atomic import atomic_file
    from trafficdesk.export.cells import line
    from trafficdesk.report.content import charts_of

    for suffix in _FORMS:
        _write(folder / f"report{suffix}", report)
    for name, drawing in charts_of(report).items():
        write_bytes(folder / f"{name}.svg", drawing.svg(alone=True).encode())
        write_bytes(folder / f"{name}.png", drawing.png())
    series = report.over_time
    with atomic_file(folder / "over_time.csv") as out:
        out.write(line(("start_s", *(name.lower().replace(" ", "_") for name in series.names))))
        for start, values in zip(series.starts.tolist(), series.values.tolist(), strict=True):
            out.write(line((start, *(int(value) for value in values))))
    with atomic_file(folder / "correlation.csv") as out:
        out.write(line(("measure", *series.names)))
        for name, row in zip(series.names, series.correlation().tolist(), strict=True):
            out.write(line((name, *(round(value, 4) if value == value else None for value in row))))  # noqa: PLR0124
    with atomic_file(folder / "protocols.csv") as out:
        out.write(line(("protocol", "packets", "bytes")))
        for name, share in report.summary["protocols"].items():
            out.write(line((name, share["packets"], share["bytes"])))
    for name in ("top_sources", "top_destinations"):
        with atomic_file(folder / f"{name}.csv") as out:
            out.write(line(("address", "packets", "bytes")))
            for talker in report.summary[name]:
                out.write(line((talker["address"], talker["packets"], talker["bytes"])))
    say(f"Everything is in {visible(str(folder))}.")


def _write_tables(folder: Path, analysis: Analysis) -> None:
    """Whole tables of a capture, and its incidents."""
    from trafficdesk.export.atomic import atomic_file
    from trafficdesk.export.incidents_csv import write_incidents_csv
    from trafficdesk.export.sheet_csv import export_sheet

    for name, sheet in _sheets(analysis):
        export_sheet(folder / f"{name}.csv", sheet)
    with atomic_file(folder / "incidents.csv") as out:
        write_incidents_csv(out, analysis.session.incidents)


def _sheets(analysis: Analysis) -> Iterator[tuple[str, Sheet]]:
    from trafficdesk.metrics import traffic_sheets as made
    from trafficdesk.metrics.conversations import Kind

    tables = analysis.tables
    assert tables is not None
    tables.tell(analysis.session.log)
    span_s = (tables.last_ns - tables.first_ns) / 1e9
    for kind in Kind:
        name = kind.value.lower()
        conversations = made.conversation_sheet(
            tables.conversations(kind), tables.first_ns, tables.identities
        )
        yield f"conversations_{name}", conversations
        yield f"endpoints_{name}", made.endpoint_sheet(tables.endpoints(kind), tables.identities)
    yield "packet_lengths", made.length_sheet(tables.lengths(), span_s)
    yield "protocol_hierarchy", made.hierarchy_sheet(tables.hierarchy(), span_s)
