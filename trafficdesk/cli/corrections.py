"""What a person corrected in the desktop holds in the terminal, too, unless it is told not to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.cli.terminal import say

if TYPE_CHECKING:
    import argparse

    from trafficdesk.detect.corrections import Corrections


def kept_corrections(*, wanted: bool) -> Corrections:
    """Those of the user's data folder, none where they are not wanted; what can't be read is said on stderr."""
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.export.corrections_json import CorrectionFile

    if not wanted:
        return Corrections()
    corrections, warnings = CorrectionFile().load()
    for warning in warnings:
        say(f"trafficdesk: {warning}", to_stderr=True)
    return corrections


def add_switch(command: argparse.ArgumentParser) -> None:
    """The way out: a measurement that must not depend on who runs it."""
    command.add_argument(
        "--no-corrections",
        dest="corrections",
        action="store_false",
        help="as if nothing had been said to be expected, suspicious or suppressed",
    )


def suppressed_words(incidents: int, rows: int) -> str:
    """`3 incidents, 128 packets suppressed, as you said`; empty where there are none."""
    if not rows:
        return ""
    told = "1 incident" if incidents == 1 else f"{incidents:,} incidents"
    packets = "1 packet" if rows == 1 else f"{rows:,} packets"
    return f"suppressed, as you said: {told}, {packets}"
