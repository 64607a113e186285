"""What is written and said of a collection."""

from __future__ import annotations

import heapq
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.cli.corrections import suppressed_words
from trafficdesk.cli.reporting import write_in_form
from trafficdesk.cli.terminal import say, size, visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from trafficdesk.cli.collection.finding import Collection
    from trafficdesk.cli.collection.journal import Journal
    from trafficdesk.cli.collection.sums import Sums

_SHOWN: Final = 20
"""Incidents and faults told in the terminal."""
_REPORTED_INCIDENTS: Final = 200
_REPORTED_FILES: Final = 2_000
_ROW: Final = ("fault", "first_ns", "packets", "bytes", "flagged")


def write_results(
    arguments: argparse.Namespace, collection: Collection, journal: Journal, sums: Sums
) -> None:
    """Every file that was asked for."""
    from trafficdesk.export import collection as export
    from trafficdesk.export.atomic import atomic_file

    if arguments.files_csv:
        with atomic_file(arguments.files_csv) as out:
            export.write_files_csv(out, _told(collection, journal))
    if arguments.incidents_csv:
        with atomic_file(arguments.incidents_csv) as out:
            export.write_collection_incidents_csv(out, _told(collection, journal))
    if arguments.json:
        with atomic_file(arguments.json) as out:
            export.write_collection_json(out, sums.summary(), _told(collection, journal))
    if arguments.report:
        _write_report(arguments, collection, journal, sums)


def tell(arguments: argparse.Namespace, collection: Collection, journal: Journal, sums: Sums) -> None:
    """In the terminal: what was found, unless a file goes there; what could not be read, in any case."""
    if "-" not in {arguments.json, arguments.incidents_csv, arguments.files_csv}:
        for line in _lines(collection, journal, sums):
            say(line)
    for path, fault in sums.faults[:_SHOWN]:
        say(f"trafficdesk: {visible(path)}: {visible(fault)}", to_stderr=True)
    if (more := len(sums.faults) - _SHOWN) > 0:
        say(f"trafficdesk: and {more:,} more; --files-csv and --json have all.", to_stderr=True)


def _told(collection: Collection, journal: Journal) -> Iterator[tuple[str, dict[str, Any]]]:
    for found in collection.files:
        yield found.path, journal.outcome(found.path)


def _lines(collection: Collection, journal: Journal, sums: Sums) -> Iterator[str]:
    summary = sums.summary()
    yield f"{len(collection.files):,} files: {summary['packets']:,} packets, {size(summary['bytes'])}; {summary['flagged']:,} flagged"
    yield from sums.notes()
    shares = ", ".join(
        f"{name} {share['packets']:,}" for name, share in list(summary["protocols"].items())[:8]
    )
    yield f"protocols: {shares or 'none'}"
    if summary["threats"]:
        yield f"on threat lists: {sum(hit['packets'] for hit in summary['threats']):,} packets"
    yield f"incidents: {summary['incident_count']:,}"
    suppressed = summary["suppressed"]
    if words := suppressed_words(suppressed["incidents"], suppressed["packets"]):
        yield words
    for one in _gravest(collection, journal, _SHOWN):
        yield f"  {visible(one['file'])}: {one['id']}. [{one['family']}, severity {one['severity']}] {visible(one['sentence'])}"
    if summary["incident_count"] > _SHOWN:
        yield f"  and {summary['incident_count'] - _SHOWN:,} less severe ones; --json and --incidents-csv have all"


def _gravest(collection: Collection, journal: Journal, most: int) -> list[dict[str, Any]]:
    """Incidents of all files, the most severe first; equal ones in order of files."""
    every = (
        {"file": path, **incident}
        for path, told in _told(collection, journal)
        for incident in told["incidents"]
    )
    return heapq.nsmallest(most, every, key=lambda one: -one["severity"])


def _write_report(
    arguments: argparse.Namespace, collection: Collection, journal: Journal, sums: Sums
) -> None:
    from trafficdesk.export.collection import shown_path
    from trafficdesk.report import Report

    files = len(collection.files)
    gravest = _gravest(collection, journal, _REPORTED_INCIDENTS)
    incidents = [{**one, "file": shown_path(one["file"])} for one in gravest]
    rows: list[dict[str, Any]] = []
    for path, told in _told(collection, journal):
        if len(rows) == _REPORTED_FILES:
            break
        kept: dict[str, Any] = {name: told[name] for name in _ROW if name in told}
        rows.append({"name": shown_path(path), **kept, "incident_count": len(told["incidents"])})
    names = ", ".join(Path(name).name or name for name in arguments.files[:3])
    more = ", …" if len(arguments.files) > 3 else ""
    title = f"{names}{more}: {files:,} {'capture' if files == 1 else 'captures'}"
    notes = sums.notes()
    if files > len(rows):
        notes += (f"The first {len(rows):,} of {files:,} files are listed; --files-csv has all.",)
    summary = {**sums.summary(), "incidents": incidents}
    report = Report(title, summary, series=sums.series(), notes=notes, files=tuple(rows))
    write_in_form(Path(arguments.report), report)
