"""`trafficdesk analyze DIR…`: find, hand out, note, add up, tell."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from trafficdesk.cli.analyze import warned_settings
from trafficdesk.cli.collection.finding import find
from trafficdesk.cli.collection.journal import Journal
from trafficdesk.cli.collection.pool import cores, in_processes
from trafficdesk.cli.collection.progress import CollectionProgress
from trafficdesk.cli.collection.results import tell, write_results
from trafficdesk.cli.collection.sums import Sums
from trafficdesk.cli.collection.task import COMPLETE, FAILED, PARTIAL, UNREADABLE, Conditions, Task
from trafficdesk.cli.corrections import kept_corrections
from trafficdesk.cli.exit_codes import Exit, complain, exit_code
from trafficdesk.cli.reporting import can_be_written
from trafficdesk.cli.terminal import say, visible
from trafficdesk.errors import BadCaptureFile, ExportError, TrafficDeskError
from trafficdesk.logs import start_logging

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator, Iterable, Iterator

    from trafficdesk.cli.collection.finding import Collection, Found
    from trafficdesk.cli.collection.task import Outcome
    from trafficdesk.settings import DetectionSettings, Settings
    from trafficdesk.threats.threat_list import ThreatList

    Worked = Callable[[Iterable[Task], Conditions], Generator[tuple[Task, Outcome]]]

_log = logging.getLogger(__name__)

_FINAL: Final = (COMPLETE, PARTIAL)
"""Outcomes that another try would only repeat."""


def run_collection(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if (wrong := _wrong_usage(arguments)) is not None:
        complain(wrong)
        return Exit.USAGE
    if not can_be_written(arguments.report):
        return Exit.USAGE
    start_logging()
    everything = warned_settings()
    detection = everything.detection
    if arguments.seed is not None:
        detection = replace(detection, seed=arguments.seed)
    collection = find(arguments.files)
    for fault in collection.faults:
        complain(fault)
    if not collection.files:
        raise BadCaptureFile(
            f"There is no capture in {visible(', '.join(arguments.files))}.",
            "Name a folder with pcap or pcapng files.",
        )
    conditions = _conditions(arguments, everything, detection)
    with Journal(arguments.resume, conditions.digest(), conditions.now_ns) as journal:
        conditions = replace(conditions, now_ns=journal.now_ns)
        ended_early = _work(collection, conditions, journal, _where(arguments))
        if isinstance(ended_early, TrafficDeskError) and not journal.any:
            raise ended_early
        sums = Sums(detection.seed, collection.skipped)
        for found in collection.files:
            sums.add(found.path, journal.outcome(found.path))
        write_results(arguments, collection, journal, sums)
        tell(arguments, collection, journal, sums)
    return _exit(ended_early, sums, collection, resumable=journal.kept)


def _wrong_usage(arguments: argparse.Namespace) -> TrafficDeskError | None:
    for option, value in (("--packets-csv", arguments.packets_csv), ("--explain", arguments.explain)):
        if value:
            return ExportError(
                f"{option} is of one capture, not of many.", "Name one file, without a folder or --jobs."
            )
    if arguments.scheduler and arguments.jobs:
        return ExportError(
            "--jobs is for this computer, --scheduler for a cluster.", "Say one of them, not both."
        )
    return None


def _conditions(
    arguments: argparse.Namespace, everything: Settings, detection: DetectionSettings
) -> Conditions:
    return Conditions(
        detection, kept_corrections(wanted=arguments.corrections), _threat_lists(everything), time.time_ns()
    )


def _threat_lists(settings: Settings) -> tuple[ThreatList, ...]:
    from trafficdesk.threats import Library
    from trafficdesk.threats.library import matching_of
    from trafficdesk.threats.words import complaints

    lists = Library().lists(settings.threats.files)
    for words in complaints(lists, settings.threats, time.time()):
        say(f"trafficdesk: {visible(words)}", to_stderr=True)
    matching = matching_of(lists, settings.threats.off)
    return matching.lists if matching is not None else ()


def _where(arguments: argparse.Namespace) -> Worked:
    if arguments.scheduler:
        from trafficdesk.cli.collection.cluster import on_cluster

        return partial(on_cluster, address=arguments.scheduler)
    return partial(in_processes, jobs=arguments.jobs or cores())


def _work(
    collection: Collection, conditions: Conditions, journal: Journal, worked: Worked
) -> KeyboardInterrupt | TrafficDeskError | None:
    """Do what is not known yet; returns what ended it early."""
    left = [found for found in collection.files if not journal.knows(found)]
    before = len(collection.files) - len(left)
    if before:
        say(f"{before:,} of {len(collection.files):,} files were done before.", to_stderr=True)
    # The longest first: at the end nobody waits for the last big one.
    left.sort(key=lambda found: -found.size)
    waiting = {os.path.abspath(found.path): found for found in left}  # noqa: PTH100
    tasks = [Task(place, found.size) for place, found in waiting.items()]
    progress = CollectionProgress(len(left), sum(found.size for found in left), before)
    try:
        with _terminated_like_interrupted(), contextlib.closing(worked(tasks, conditions)) as results:
            for task, outcome in results:
                _note(journal, waiting[task.path], outcome)
                progress.done(task.size)
    except (KeyboardInterrupt, TrafficDeskError) as early:
        return early
    finally:
        progress.clear()
    return None


def _note(journal: Journal, found: Found, outcome: Outcome) -> None:
    if "details" in outcome:
        _log.error("a bug while %s was analysed:\n%s", visible(found.path), outcome["details"])
    journal.add(found, outcome, final=outcome["status"] in _FINAL)


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM keeps what is done, as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit(
    ended_early: KeyboardInterrupt | TrafficDeskError | None,
    sums: Sums,
    collection: Collection,
    *,
    resumable: bool,
) -> int:
    """The gravest of what happened."""
    if isinstance(ended_early, KeyboardInterrupt):
        more = (
            "the same command goes on from here"
            if resumable
            else "with --resume DIR it could go on from here"
        )
        say(f"trafficdesk: Stopped; what was done is told, and {more}.", to_stderr=True)
        return Exit.INTERRUPTED
    if ended_early is not None:
        complain(ended_early)
        return exit_code(ended_early)
    if sums.bugs:
        return Exit.OUR_FAULT
    if collection.faults or sums.statuses[UNREADABLE] or sums.statuses[PARTIAL]:
        return Exit.UNREADABLE
    return Exit.ENVIRONMENT if sums.statuses[FAILED] else Exit.DONE
