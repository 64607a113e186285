"""What the commands that write reports have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trafficdesk.cli.exit_codes import complain
from trafficdesk.cli.terminal import visible
from trafficdesk.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.detect.finding import ModelState
    from trafficdesk.export.summary_json import Summary
    from trafficdesk.metrics.rates import Rates
    from trafficdesk.report import Report


def can_be_written(path: str | None) -> bool:
    """Whether a report can be written there; else it is said."""
    from trafficdesk.report import PDF, TEMPLATES

    forms = (*TEMPLATES, PDF)
    if not path or Path(path).suffix.lower() in forms:
        return True
    complain(
        ExportError(
            f"A report can't be written to {visible(path)}.", f"Name a file ending in {', '.join(forms)}."
        )
    )
    return False


def write_in_form(path: Path, report: Report) -> None:
    """Write a report as its suffix says.

    Raises
    ------
    ExportError
        If it can't be made or written.
    """
    from trafficdesk.cli.printing import pdf_of
    from trafficdesk.report import PDF, page_for_paper, write_bytes, write_report

    if path.suffix.lower() == PDF:
        write_bytes(path, pdf_of(*page_for_paper(report)))
    else:
        write_report(path, report)


def report_on(files: Iterable[str], summary: Summary, rates: Rates | None, model: ModelState) -> Report:
    """What a report tells of these files."""
    from trafficdesk.export.summary_json import summary_of
    from trafficdesk.report import Report

    title = ", ".join(Path(name).name for name in files)
    series = rates.series() if rates is not None else None
    return Report(title, summary_of(summary), summary.metrics, series, model)
