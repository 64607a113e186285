"""One analysis as a page to read, keep and print: HTML (one self-contained file) or Markdown.

Everything shown comes from the same summary that `--json` writes, and every text from the network is escaped. No clock:
the same analysis gives the same page.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.errors import ExportError
from trafficdesk.packets.info import printable
from trafficdesk.paths import resources_dir
from trafficdesk.report.volume import volume_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

    from trafficdesk.metrics import MetricsSnapshot

TEMPLATES: Final = {".html": "report.html.j2", ".md": "report.md.j2"}
"""File suffix and the template that makes it, in `resources/report`."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a report tells."""

    title: str
    """File name or interface."""
    summary: Mapping[str, Any]
    """The keys of `analyze --json`."""
    metrics: MetricsSnapshot
    """For the volume over time."""


def write_report(path: Path, report: Report) -> None:
    """Write `report` to `path` in the format of its suffix; nothing half-written stays behind.

    Raises
    ------
    ExportError
        If the suffix has no format, or the file can't be written.
    """
    template = TEMPLATES.get(path.suffix.lower())
    if template is None:
        raise ExportError(
            f"A report can't be written as {path.suffix or 'a file without suffix'}.", "Use .html or .md."
        )
    page = _environment(html=path.suffix.lower() == ".html").get_template(template).render(_context(report))
    _write(path, page)


def _context(report: Report) -> dict[str, Any]:
    summary = report.summary
    total = max(1, int(summary["bytes"]))
    return {
        "title": report.title,
        "summary": summary,
        "span_s": (summary["last_ns"] - summary["first_ns"]) / 1e9,
        "volume": volume_picture(report.metrics),
        "protocols": [
            (name, share["packets"], share["bytes"], 100 * share["bytes"] / total)
            for name, share in list(summary["protocols"].items())[:15]
        ],
    }


def _environment(*, html: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resources_dir() / "report"),
        autoescape=html,  # noqa: S701  # Markdown is made harmless by the filter `plain`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "when": _when, "day": _day, "size": _size, "thousands": _thousands, "plain": _plain(html=html),
    }  # fmt: skip
    return environment


def _when(timestamp_ns: int) -> str:
    return datetime.fromtimestamp(timestamp_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _day(timestamp_s: int) -> str:
    return datetime.fromtimestamp(timestamp_s, UTC).strftime("%Y-%m-%d")


def _thousands(number: float) -> str:
    return f"{number:,.0f}"


def _size(number: float) -> str:
    """Bytes in SI units, three digits."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(number) < 1000:
            return f"{number:.3g} {unit}" if number < 100 else f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def _plain(*, html: bool) -> Any:
    """Make a text from the network harmless: control characters visible, Markdown's own characters escaped."""

    def plain(text: object) -> str:
        visible = printable(str(text).encode("utf-8", "surrogateescape"))
        if html:
            return visible
        return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#!" else sign for sign in visible)

    return plain


def _write(path: Path, page: str) -> None:
    handle, temporary = -1, ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(page)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise ExportError(
            f"The report {path} can't be written: {error.strerror}.",
            "Choose another folder or free some space.",
        ) from error
