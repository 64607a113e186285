"""One analysis or span of time as a report to read, keep and print: HTML, Markdown, and a page to make PDF of.

HTML is one self-contained file. Every text from the network is escaped. No clock: the same analysis gives the same page.
"""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.errors import ExportError
from trafficdesk.paths import resources_dir
from trafficdesk.report.content import Report, charts_of, context_of
from trafficdesk.report.wording import day, plain, size, thousands, when

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["PDF", "TEMPLATES", "Report", "page_for_paper", "write_bytes", "write_report"]

TEMPLATES: Final = {".html": "report.html.j2", ".md": "report.md.j2"}
"""File suffix and the template that makes it, in `resources/report`."""
PDF: Final = ".pdf"
"""Needs a printer of pages, which only the window's half has."""


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
    html = path.suffix.lower() == ".html"
    pictures = {name: drawing.svg() for name, drawing in charts_of(report).items()} if html else {}
    page = _environment(html=html).get_template(template)
    write_bytes(path, page.render(context_of(report), charts=pictures, paper=False).encode())


def page_for_paper(report: Report) -> tuple[str, dict[str, str]]:
    """The page for a printer, and its pictures as SVG files by the names it calls them by."""
    drawings = charts_of(report)
    sizes = {name: (drawing.width, drawing.height) for name, drawing in drawings.items()}
    page = _environment(html=True).get_template(TEMPLATES[".html"])
    text = page.render(context_of(report), charts=sizes, paper=True)
    return text, {name: drawing.svg(alone=True) for name, drawing in drawings.items()}


@functools.cache  # compiling a template takes longer than filling it in
def _environment(*, html: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resources_dir() / "report"),
        autoescape=html,  # noqa: S701  # Markdown is made harmless by the filter `plain`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "when": when,
        "day": day,
        "size": size,
        "thousands": thousands,
        "plain": plain(html=html),
    }
    environment.filters |= filters
    return environment


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all.

    Raises
    ------
    ExportError
        If it can't be written.
    """
    handle, temporary = -1, ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise ExportError(
            f"The report {path} can't be written: {error.strerror}.",
            "Choose another folder or free some space.",
        ) from error
