"""`trafficdesk` and `python -m trafficdesk`: the desktop without a command, else the command line.

Nothing heavy is imported before it is known which of the two is wanted: the first window waits for these lines, and
so does every process that multiprocessing spawns.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DISPLAY_VARIABLES: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
_NEEDS_WINDOW: Final = ("screenshot", "diagnostics", "quit_after")
PRINT_PAGE: Final = "--print-page"
"""Between our own processes: a page on standard input becomes a PDF on standard output."""
_EXIT_ENVIRONMENT: Final = 3
"""As `cli.exit_codes` has it: the environment's fault."""
_EXIT_INTERRUPTED: Final = 130
"""The same: Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run what `argv` asks for; returns the exit code."""
    multiprocessing.freeze_support()
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:  # while modules were imported; what works has a sentence of its own
        return _EXIT_INTERRUPTED


def _run(arguments: list[str]) -> int:
    if arguments == [PRINT_PAGE]:
        from trafficdesk.ui.paper import print_standard_input

        return print_standard_input()
    if _is_for_command_line(arguments):
        from trafficdesk import cli

        return cli.main(arguments)
    options = desktop_parser().parse_args(arguments)
    if not has_display(sys.platform, os.environ):
        return _without_display(options)
    # What is imported stays: looking through it for garbage again and again took a tenth of the way to the window.
    # `ui.garbage` takes over when there is one.
    gc.disable()
    from trafficdesk import app

    return app.run(
        app.Options(
            file=options.file,
            interface=options.capture,
            capture_filter=options.capture_filter,
            display_filter=options.display_filter,
            screenshot=options.screenshot,
            quit_after_s=options.quit_after,
            diagnostics=options.diagnostics,
        )
    )


def desktop_parser() -> argparse.ArgumentParser:
    """Grammar of the desktop's own arguments."""
    parser = argparse.ArgumentParser(prog="trafficdesk", add_help=False, allow_abbrev=False)
    parser.add_argument("file", nargs="?", default="", metavar="FILE", help="capture file to open")
    parser.add_argument("--capture", default="", metavar="IFACE", help="start capturing at once")
    parser.add_argument("--capture-filter", default=None, metavar="BPF", help="as tcpdump takes it")
    parser.add_argument("--display-filter", default="", metavar="EXPR", help="rows to show")
    parser.add_argument("--screenshot", default="", metavar="PNG", help="save a picture just before leaving")
    parser.add_argument("--quit-after", type=float, default=None, metavar="SECONDS", help="leave by itself")
    parser.add_argument("--diagnostics", default="", metavar="JSON", help="write what was measured")
    return parser


def has_display(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether a window can be shown; only Linux may lack one."""
    return platform != "linux" or any(environment.get(name) for name in _DISPLAY_VARIABLES)


def _is_for_command_line(arguments: Sequence[str]) -> bool:
    from trafficdesk.cli import COMMANDS

    first = next(iter(arguments), "")
    return first in COMMANDS or first in {"-h", "--help", "--version"}


def _without_display(options: argparse.Namespace) -> int:
    """Say it in one sentence and work in the terminal instead."""
    from trafficdesk import cli

    if any(getattr(options, name) for name in _NEEDS_WINDOW):
        asked = next(name for name in _NEEDS_WINDOW if getattr(options, name)).replace("_", "-")
        print(f"There is no display for --{asked}.", file=sys.stderr)  # noqa: T201
        print("Set QT_QPA_PLATFORM=offscreen to work without one.", file=sys.stderr)  # noqa: T201
        return _EXIT_ENVIRONMENT
    if options.file:
        print("There is no display: the file is analysed in the terminal.", file=sys.stderr)  # noqa: T201
        return cli.main(["analyze", options.file])
    command = _monitor_command(options)
    where = "the bundled sample, as capturing is not permitted" if "--sample" in command else "an interface"
    print(f"There is no display: monitoring {where}, in the terminal.", file=sys.stderr)  # noqa: T201
    return cli.main(command)


def _monitor_command(options: argparse.Namespace) -> list[str]:
    from trafficdesk.capture.interfaces import default_interface
    from trafficdesk.capture.permission import explain

    interface: str | None = options.capture or default_interface()
    if interface is None or (not options.capture and not explain().permitted):
        return ["monitor", "--sample"]
    command = ["monitor", "--interface", interface]
    return command + (["--capture-filter", options.capture_filter] if options.capture_filter else [])


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
