"""`trafficdesk monitor`: continuous monitoring in a terminal or as a service."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from trafficdesk.cli.corrections import kept_corrections
from trafficdesk.cli.exit_codes import Exit, complain, exit_code
from trafficdesk.cli.in_force import InForce
from trafficdesk.cli.live_view import LiveView
from trafficdesk.cli.mail_alerts import LoggedAlerts, mail_alerts
from trafficdesk.cli.monitor_loop import HANG_UP, Monitor
from trafficdesk.cli.monitored import monitored
from trafficdesk.cli.recording import Recording
from trafficdesk.cli.terminal import say
from trafficdesk.export.atomic import STANDARD_OUTPUT

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from trafficdesk.cli.monitored import Monitored
    from trafficdesk.cli.standing import Teller
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.export.json_lines import JsonLines
    from trafficdesk.export.summary_json import Summary
    from trafficdesk.settings import Settings

SWITCH_INTERVAL_S: Final = 0.001
"""How long the thread that decodes may keep the one that reads waiting for the interpreter; Python's own is 5 ms."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    from trafficdesk.cli.analyze import summary_lines, warned_settings
    from trafficdesk.cli.monitor_summary import summary_of_run
    from trafficdesk.logs import start_logging

    started = time.perf_counter()
    start_logging()
    settings = warned_settings()
    with ExitStack() as stack:
        monitor = _monitor(arguments, InForce(settings), stack)
        monitor.run(arguments.count, arguments.duration)
    summary = summary_of_run(monitor, settings, time.perf_counter() - started)
    for line in summary_lines(summary):
        say(line, to_stderr=_view_is_on_stderr(arguments))
    if arguments.json:
        _write(arguments.json, summary)
    for failure in monitor.failures:
        complain(failure)
    if monitor.failures:
        return exit_code(monitor.failures[0])
    return Exit.INTERRUPTED if monitor.interrupted else Exit.DONE


def _monitor(arguments: argparse.Namespace, in_force: InForce, stack: ExitStack) -> Monitor:
    """The monitor and all that belongs to it, until `stack` unwinds."""
    from trafficdesk.cli.analyze import tables_for, use_threat_lists

    warn, settings = Warnings(), in_force.settings
    mails = mail_alerts(in_force, stack, warn) if arguments.alerts else None
    alerts = mails or (None if arguments.sample else LoggedAlerts(in_force))
    lines = _opened_lines(arguments, warn)
    source = monitored(arguments, settings, stack)
    from trafficdesk.cli.reload import Reload
    from trafficdesk.detect.process import AnalysisProcess

    monitor = Monitor(
        source.run,
        AnalysisProcess(settings.detection, "" if arguments.sample else source.name),
        alerts,
        lambda: _tellers(arguments, source, settings, lines),
        live=not arguments.sample,
        corrections=kept_corrections(wanted=arguments.corrections),
        capacity=settings.capture.kept_rows,
    )
    warn.to = monitor.warn
    stack.callback(warn.back)
    monitor.tables = tables_for(arguments.json, monitor.session)
    stack.callback(monitor.session.identifier.close)
    monitor.session.set_reverse_dns(settings.names.reverse_dns)
    use_threat_lists(monitor.session, settings)
    recording = None
    if not arguments.sample:
        monitor.session.identifier.watch_sockets()
        recording = Recording(monitor, source.name, warn)
        stack.callback(recording.close)
        recording.begin(settings)
    monitor.reload = Reload(
        monitor,
        in_force,
        source,
        fixed_filter=arguments.capture_filter is not None,
        corrections=arguments.corrections,
        mails=mails,
        recording=recording,
    )
    _obey_signals(monitor, stack)
    return monitor


class Warnings:
    """Where what is wrong is told: on stderr, or as `to` says while a monitor runs; from any thread."""

    def __init__(self) -> None:
        self.to: Callable[[TrafficDeskError], None] = complain

    def __call__(self, error: TrafficDeskError) -> None:
        """Tell it."""
        self.to(error)

    def back(self) -> None:
        """On stderr again."""
        self.to = complain


def _obey_signals(monitor: Monitor, stack: ExitStack) -> None:
    numbers = [signal.SIGINT, signal.SIGTERM]
    if HANG_UP is not None and signal.getsignal(HANG_UP) is not signal.SIG_IGN:  # nohup wants it ignored
        numbers.append(HANG_UP)
    for number in numbers:
        stack.callback(signal.signal, number, signal.signal(number, monitor.on_signal))


def _opened_lines(arguments: argparse.Namespace, warn: Warnings) -> JsonLines | None:
    if not arguments.jsonl:
        return None
    from trafficdesk.export.json_lines import JsonLines

    return JsonLines(
        arguments.jsonl,
        max_bytes=arguments.jsonl_megabytes * 1_000_000,
        kept=arguments.jsonl_files,
        on_error=warn,
    )


def _tellers(
    arguments: argparse.Namespace, source: Monitored, settings: Settings, lines: JsonLines | None
) -> list[Teller]:
    now = time.monotonic()
    out = sys.stderr if _view_is_on_stderr(arguments) else sys.stdout
    tellers: list[Teller] = [LiveView(source.name, out, now, plain=arguments.plain)]
    if lines is not None:
        from trafficdesk.cli.monitor_lines import MonitorLines

        written = MonitorLines(lines, now)
        written.started(source.name, source.capture_filter, settings.detection.seed)
        tellers.append(written)
    return tellers


def _view_is_on_stderr(arguments: argparse.Namespace) -> bool:
    return STANDARD_OUTPUT in {arguments.json, arguments.jsonl}


def _write(path: str, summary: Summary) -> None:
    from trafficdesk.export.atomic import atomic_file
    from trafficdesk.export.summary_json import write_summary

    with atomic_file(path) as out:
        write_summary(out, summary)
