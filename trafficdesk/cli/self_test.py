"""`trafficdesk self-test`: harmless made-up incidents through the whole path, as a score card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.cli.exit_codes import Exit
from trafficdesk.cli.terminal import Progress, say, visible

if TYPE_CHECKING:
    import argparse

    from trafficdesk.self_test import Line, ScoreCard


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from trafficdesk.self_test import run_trial

    with Progress("trying") as bar:
        card = run_trial(bar.show)
    if arguments.json:
        _write(card, arguments.json)
    if arguments.json != "-":
        for line in card.lines:
            say(visible(_words(line)))
        say(card.words)
    return Exit.DONE if card.passed else Exit.OUR_FAULT


def _words(line: Line) -> str:
    parts = [line.words]
    if line.delay_s is not None:
        parts = [f"after {line.delay_s:.1f} s", line.words, "mailed" if line.mail else "not mailed"]
    return f"{'ok  ' if line.passed else 'FAIL'} {line.name}: {' · '.join(parts)}"


def _write(card: ScoreCard, path: str) -> None:
    import json

    from trafficdesk.export.atomic import atomic_file
    from trafficdesk.self_test import card_json

    with atomic_file(path) as out:
        text = json.dumps(card_json(card), indent=1, ensure_ascii=False)
        out.write(f"{text}\n".encode("utf-8", "backslashreplace"))
