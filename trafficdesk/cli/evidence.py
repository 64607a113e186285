"""`trafficdesk evidence FILE.zip`: whether it is as it was written, and its scores follow from its models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trafficdesk.cli.exit_codes import Exit
from trafficdesk.cli.terminal import say, visible
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    import argparse

    from trafficdesk.evidence.opening import Opened
    from trafficdesk.evidence.verifying import Verification


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    return verify(arguments.file, arguments.json)


def shown(arguments: argparse.Namespace) -> int:
    """`analyze` of an evidence: what was recorded, nothing learned anew."""
    others = (arguments.packets_csv, arguments.incidents_csv, arguments.report, arguments.explain)
    if len(arguments.files) > 1 or any(others):
        say(
            "trafficdesk: An evidence is analysed by itself, with --json alone; its rows are in it.",
            to_stderr=True,
        )
        return Exit.USAGE
    return verify(arguments.files[0], arguments.json)


def verify(path: str, json_path: str | None) -> int:
    """Say what is in an evidence, and whether it holds.

    Raises
    ------
    BadCaptureFile
        If it is none, was changed, or has scores that do not follow from its models.
    """
    from trafficdesk.evidence.opening import opened
    from trafficdesk.evidence.verifying import Verification

    evidence = opened(path)
    verification = Verification.of(evidence.recording)
    for line in _lines(evidence, verification):
        say(visible(line), to_stderr=json_path == "-")
    if json_path:
        from trafficdesk.export.atomic import atomic_file

        text = json.dumps(_told(evidence, verification), indent=1, ensure_ascii=False, allow_nan=False)
        with atomic_file(json_path) as out:
            out.write(f"{text}\n".encode("utf-8", "backslashreplace"))
    if not verification.holds:
        raise BadCaptureFile(
            verification.words, "Ask whoever made it; what it shows is not what was computed."
        )
    return Exit.DONE


def _lines(evidence: Opened, verification: Verification) -> list[str]:
    incident = evidence.incident
    missing = f", {evidence.missing:,} more are not in it" if evidence.missing else ""
    return [
        f"{incident.family} by {incident.culprit}, severity {incident.severity} of 100: {incident.sentence}",
        *(f"  {reason.words}" for reason in incident.reasons),
        f"Recorded by TrafficDesk {evidence.version or 'of an unknown version'}; {evidence.packets:,} packets{missing}.",
        "Every file is as the manifest says.",
        verification.words,
    ]


def _told(evidence: Opened, verification: Verification) -> dict[str, Any]:
    from trafficdesk.export.summary_json import incident_of

    return {
        "version": evidence.version,
        "incident": incident_of(evidence.incident),
        "packets": evidence.packets,
        "packets_missing": evidence.missing,
        "manifest": {"verified": True, "sha256": evidence.manifest},
        "scores": {
            "rows": verification.rows,
            "compared": verification.compared,
            "equal": verification.equal,
            "largest_difference": verification.largest_difference
            if verification.largest_difference < float("inf")
            else None,
            "models": list(verification.models),
        },
        "holds": verification.holds,
    }
