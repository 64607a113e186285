"""What can be said on the command line, and which module does it; each is imported when it is asked for."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING, Final

from trafficdesk import __version__
from trafficdesk.cli.corrections import add_switch
from trafficdesk.cli.exit_codes import ended
from trafficdesk.cli.grammar import add_command, incident_number, positive
from trafficdesk.cli.model_arguments import add_classify, add_learn, add_train

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = (
    "packets", "analyze", "report", "monitor", "interfaces", "history", "learn", "train", "classify", "evidence",
    "self-test",
)  # fmt: skip
"""First words that belong to the command line; anything else is the desktop's."""

_DESKTOP: Final = """\
Without a command the desktop opens: trafficdesk [FILE] [--capture IFACE] [--capture-filter BPF]
[--display-filter EXPR] [--screenshot PNG] [--quit-after SECONDS] [--diagnostics JSON]

Exit codes: 0 done, 1 a bug of ours, 2 wrong usage, 3 the environment's fault (permission, interface,
disk, mail server), 4 unreadable input (what could be read is still written), 130 ended by Ctrl-C.
Capture only on networks that you own or may monitor."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; never raises, but for argparse's own way out (SystemExit)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that can't show a sign gets its number
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(sys.argv[1:] if argv is None else argv)
    return ended(lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:  # noqa: C901  # a list, not a maze
    match arguments.command:
        case "packets":
            # numpy's linear algebra, of which nothing is used here, would start a thread per core: 50 ms.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            from trafficdesk.cli.packets import run
        case "analyze":
            from trafficdesk.cli.analyze import run
        case "report":
            from trafficdesk.cli.report import run
        case "monitor":
            from trafficdesk.cli.monitor import run
        case "interfaces":
            from trafficdesk.cli.interfaces import run
        case "history":
            from trafficdesk.cli.history import run
        case "learn":
            from trafficdesk.cli.learn import run
        case "train":
            from trafficdesk.cli.train import run
        case "classify":
            from trafficdesk.cli.classify import run
        case "evidence":
            from trafficdesk.cli.evidence import run
        case _:
            from trafficdesk.cli.self_test import run
    return run(arguments)


def parser() -> argparse.ArgumentParser:
    """The whole grammar."""
    top = argparse.ArgumentParser(
        prog="trafficdesk",
        description="Watches network traffic, learns what is usual, and explains what is not.",
        epilog=_DESKTOP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"trafficdesk {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_packets(commands)
    _add_analyze(commands)
    _add_report(commands)
    _add_monitor(commands)
    interfaces = add_command(
        commands, "interfaces", "list what can be captured on, and whether it is permitted"
    )
    interfaces.add_argument("--json", metavar="PATH", help="write JSON to PATH (- = standard output)")
    _add_history(commands)
    trial = add_command(
        commands,
        "self-test",
        "try made-up incidents of every family on the whole path, and print a score card",
    )
    trial.add_argument("--json", metavar="PATH", help="write the score card to PATH (- = standard output)")
    add_learn(commands)
    add_train(commands)
    add_classify(commands)
    evidence = add_command(
        commands,
        "evidence",
        "verify an incident's evidence: its files' hashes, and its scores computed again",
    )
    evidence.add_argument("file", metavar="FILE", help="a zip that TrafficDesk saved or mailed")
    evidence.add_argument("--json", metavar="PATH", help="write JSON to PATH (- = standard output)")
    return top


def _add_packets(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    packets = add_command(commands, "packets", "decode a capture: a summary, or one CSV row per packet")
    packets.add_argument("file", metavar="FILE", help="pcap or pcapng, plain or .gz")
    packets.add_argument("--csv", metavar="PATH", help="write rows to PATH (- = standard output)")
    packets.add_argument("--display-filter", metavar="EXPR", default="", help="only packets it lets through")


def _add_analyze(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    analyze = add_command(
        commands,
        "analyze",
        "analyse captures: scores, incidents and reasons, no packet scored by a model that has seen it",
    )
    analyze.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="pcap or pcapng; several are read one after another as one capture; folders and patterns: see below",
    )
    analyze.add_argument("--packets-csv", metavar="PATH", help="one row per packet with score and reason")
    analyze.add_argument("--incidents-csv", metavar="PATH", help="one row per incident")
    analyze.add_argument("--json", metavar="PATH", help="the summary (- = standard output)")
    analyze.add_argument("--report", metavar="PATH", help="a page to read and keep: .html, .pdf or .md")
    analyze.add_argument(
        "--explain",
        metavar="ID",
        action="append",
        default=[],
        type=incident_number,
        help="why an incident, and what would have been usual; several: repeat it; all: every one",
    )
    analyze.add_argument(
        "--seed", type=int, default=None, metavar="N", help="same seed, same packets: same scores"
    )
    add_switch(analyze)
    many = analyze.add_argument_group(
        "many files",
        "Each file is a capture of its own, and all of them together give one result, where a folder or a pattern is "
        "named or any of these is said. --json, --incidents-csv and --report then tell of all files.",
    )
    many.add_argument("--separate", action="store_true", help="each file on its own")
    many.add_argument("--jobs", type=positive(int), metavar="N", help="processes (default: one per core)")
    many.add_argument(
        "--scheduler", metavar="ADDRESS", help="on a Dask cluster instead: tcp://host:8786; same paths there"
    )
    many.add_argument(
        "--resume", metavar="DIR", help="keep what is done in DIR, and begin with what is kept there"
    )
    many.add_argument("--files-csv", metavar="PATH", help="one row per file")


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = add_command(
        commands,
        "report",
        "a report of captures, or of what was recorded in a span of time: HTML, PDF or Markdown",
    )
    report.add_argument("files", metavar="FILE", nargs="*", help="pcap or pcapng; none: the history")
    report.add_argument("--last", metavar="SPAN", help="of the history, how far back: 30m, 24h, 7d")
    report.add_argument("--since", metavar="TIME", help="begin instead, local time: 2026-11-21T14:00")
    report.add_argument("--until", metavar="TIME", help="end (default: now)")
    report.add_argument("--output", "-o", metavar="PATH", help="the report: .html, .pdf or .md")
    report.add_argument(
        "--all",
        metavar="DIR",
        help="every table as CSV, every chart as PNG and SVG, and the report in all three forms",
    )
    report.add_argument(
        "--seed", type=int, default=None, metavar="N", help="same seed, same packets: same scores"
    )
    add_switch(report)


def _add_monitor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    monitor = add_command(commands, "monitor", "watch an interface in the terminal until Ctrl-C")
    monitor.add_argument(
        "--interface",
        metavar="IFACE",
        action="append",
        default=[],
        help="default: the one with the default route; several: repeat it, or separate them by commas; any: all",
    )
    monitor.add_argument("--count", type=positive(int), metavar="N", help="end after N packets")
    monitor.add_argument("--duration", type=positive(float), metavar="SECONDS", help="end after this time")
    monitor.add_argument(
        "--megabytes", type=positive(int), metavar="N", help="end after N MB on the wire (10^6 bytes)"
    )
    monitor.add_argument("--capture-filter", metavar="BPF", default=None, help="e.g. not port 22")
    monitor.add_argument("--json", metavar="PATH", help="write the summary at the end (- = standard output)")
    monitor.add_argument(
        "--jsonl",
        metavar="PATH",
        help="append a JSON line for each incident, interruption, minute, … (- = standard output)",
    )
    monitor.add_argument(
        "--jsonl-megabytes",
        type=positive(int),
        default=100,
        metavar="N",
        help="begin a new file after so much; PATH becomes PATH.1 (default: 100)",
    )
    monitor.add_argument(
        "--jsonl-files",
        type=positive(int),
        default=5,
        metavar="N",
        help="full ones that are kept (default: 5)",
    )
    monitor.add_argument("--plain", action="store_true", help="lines as in a pipe, also in a terminal")
    monitor.add_argument(
        "--alerts",
        action="store_true",
        help="mail incidents, post them to the webhook, as set in the desktop's settings",
    )
    add_switch(monitor)
    monitor.add_argument("--sample", action="store_true", help="the bundled sample instead of an interface")


def _add_history(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    history = add_command(
        commands, "history", "what was seen before: volume, addresses, conversations, incidents"
    )
    history.add_argument(
        "--last", metavar="SPAN", default="24h", help="how far back: 30m, 24h, 7d (default: 24h)"
    )
    history.add_argument("--since", metavar="TIME", help="begin instead, local time: 2026-11-21T14:00")
    history.add_argument("--until", metavar="TIME", help="end (default: now)")
    history.add_argument("--host", metavar="ADDRESS", help="only what this address did")
    history.add_argument("--json", metavar="PATH", help="write JSON to PATH (- = standard output)")
    history.add_argument("--tidy", action="store_true", help="throw away what the settings no longer keep")
