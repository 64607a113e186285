"""What the commands that write reports have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trafficdesk.cli.exit_codes import complain
from trafficdesk.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.detect.finding import ModelState
    from trafficdesk.export.summary_json import Summary
    from trafficdesk.metrics.rates import Rates
    from trafficdesk.report import Report


def can_be_written(path: str | None) -> bool:
    """Whether `analyze` can write a report there; else it is said."""
    from trafficdesk.report import TEMPLATES

    if not path or Path(path).suffix.lower() in TEMPLATES:
        return True
    kinds = " or ".join(TEMPLATES)
    complain(ExportError(f"A report can't be written to {path}.", f"Name a file ending in {kinds}."))
    return False


def report_on(files: Iterable[str], summary: Summary, rates: Rates | None, model: ModelState) -> Report:
    """What a report tells of these files."""
    from trafficdesk.export.summary_json import summary_of
    from trafficdesk.report import Report

    title = ", ".join(Path(name).name for name in files)
    series = rates.series() if rates is not None else None
    return Report(title, summary_of(summary), summary.metrics, series, model)
