"""`trafficdesk self-test`: the bundled sample through the whole path, as a score card.

Reads, decodes, analyses and exports for real and compares with what was planted in the sample, so that a packaged
program shows on any machine whether all of it is there.
"""

from __future__ import annotations

import csv
import io
import tempfile
from argparse import Namespace
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.cli.exit_codes import Exit
from trafficdesk.cli.terminal import say
from trafficdesk.paths import sample_capture

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the score card."""

    name: str
    passed: bool
    words: str


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001  # every command has this signature
    """Run the command."""
    with tempfile.TemporaryDirectory(prefix="trafficdesk-") as folder:
        checks = list(_checks(Path(folder)))
    for check in checks:
        say(f"{'ok  ' if check.passed else 'FAIL'} {check.name}: {check.words}")
    passed = sum(check.passed for check in checks)
    say(f"{passed} of {len(checks)} passed")
    return Exit.DONE if passed == len(checks) else Exit.OUR_FAULT


def planted_incidents(path: Path) -> list[dict[str, str]]:
    """Ground truth of the sample."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _checks(folder: Path) -> Iterator[Check]:
    from trafficdesk.cli import analyze

    arguments = Namespace(
        files=[str(sample_capture())],
        packets_csv=str(folder / "packets.csv"),
        incidents_csv=str(folder / "incidents.csv"),
        json=str(folder / "summary.json"),
        report=str(folder / "report.html"),
        seed=SEED,
    )
    with redirect_stdout(io.StringIO()):
        code = analyze.run(arguments)
    yield Check("sample", code == Exit.DONE, f"{sample_capture().name} was read to its end")
    if code != Exit.DONE:
        return
    import json

    summary = json.loads(Path(arguments.json).read_text(encoding="utf-8"))
    rows, broken, scored = _row_counts(Path(arguments.packets_csv))
    yield Check(
        "decoding",
        summary["packets"] > 0 and not broken,
        f"{summary['packets']:,} packets, {broken} malformed",
    )
    yield Check("learning", scored > 0, f"{scored:,} packets scored by the model")
    yield from _incident_checks(summary["incidents"])
    yield Check(
        "export", rows == summary["packets"], f"{rows:,} rows of CSV for {summary['packets']:,} packets"
    )
    yield Check("report", Path(arguments.report).stat().st_size > 1_000, "an HTML page was written")


def _row_counts(path: Path) -> tuple[int, int, int]:
    """Rows, malformed rows and scored rows of the exported CSV."""
    rows = broken = scored = 0
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows += 1
            broken += row["status"] == "malformed"
            scored += row["score"] != ""
    return rows, broken, scored


def _incident_checks(found: list[dict[str, Any]]) -> Iterator[Check]:
    truth = planted_incidents(sample_capture().with_name("sample.incidents.csv"))
    for planted in truth:
        match = [item for item in found if _is_same(item, planted)]
        words = match[0]["sentence"] if match else f"not found at {planted['culprit']}"
        yield Check(planted["family"], bool(match), words)
    culprits = {planted["culprit"] for planted in truth}
    wrong = [item for item in found if item["culprit"] not in culprits]
    words = ", ".join(f"{item['culprit']} ({item['family']})" for item in wrong) or "nobody else was named"
    yield Check("no false alarm", not wrong, words)


def _is_same(item: dict[str, Any], planted: dict[str, str]) -> bool:
    return bool(
        item["family"] == planted["family"]
        and item["culprit"] == planted["culprit"]
        and item["start_ns"] <= int(planted["end_ns"])
        and item["end_ns"] >= int(planted["start_ns"])
    )
