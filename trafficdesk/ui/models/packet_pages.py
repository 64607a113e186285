"""The packet table's cells, formatted a page at a time and the last pages kept. No Qt here.

Pages are keyed by position, so they stay right while old rows leave; what the analysis, a name or a person adds later
is read again, texts of the packet itself never are.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.families import FAMILY_INDEX, UNUSUAL
from trafficdesk.packets.notes import NoteFlag
from trafficdesk.settings import TimeFormat
from trafficdesk.ui.models.packet_page import (
    IDENTITY_COLUMNS,
    TEXT_COLUMNS,
    Column,
    Mark,
    identity_columns,
    marks,
    text_columns,
)
from trafficdesk.ui.models.packet_time import time_texts
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.address_names import AddressNames
    from trafficdesk.ui.colour_rule import Colouring
    from trafficdesk.ui.models.sorted_rows import SortedRows
    from trafficdesk.ui.models.visible_rows import VisibleRows

PAGE_ROWS: Final = 128
"""A screenful and some: one page costs about a millisecond to format."""
_KEPT_PAGES: Final = 48
_TIME: Final = int(Column.TIME)
_COMMENT: Final = int(Column.COMMENT)
_ENDS: Final = (int(Column.SOURCE), int(Column.DESTINATION))


@dataclass(slots=True, eq=False)
class _Page:
    """Formatted rows from position `first` on."""

    first: int
    ids: NDArray[np.int64]
    texts: list[list[str]]
    marks: list[Mark] | None = None
    """None: to be read again."""
    identity: list[list[str]] | None = None
    """Texts of `IDENTITY_COLUMNS`; None: to be read again."""
    notes: list[int] | None = None
    """`NoteFlag` of each row; None: to be read again."""
    comments: list[str] | None = None
    """What is said of each row; None: to be read again."""
    hues: list[int] | None = None
    """`Hue` of each row; None: to be asked again."""
    times: list[str] | None = None
    """In the format asked for; None: to be read again."""
    ends: tuple[list[str], list[str]] | None = None
    """Names of sources and of destinations; None: to be asked again."""

    @property
    def stop(self) -> int:
        """One past the position of the last row formatted."""
        return self.first + len(self.ids)


class PacketPages:
    """Cells of rows that stand somewhere.

    Parameters
    ----------
    words : a word per family index; index 0 names what only the model found unusual.
    """

    def __init__(self, session: AnalysisSession, words: tuple[str, ...], rows: VisibleRows) -> None:
        self._session = session
        self._words = words
        self._rows: VisibleRows | SortedRows = rows
        self._pages: OrderedDict[int, _Page] = OrderedDict()
        self._last: _Page | None = None
        self._time_format = TimeFormat.TIME_OF_DAY
        self._colouring: Colouring | None = None
        self._names: AddressNames | None = None

    @property
    def names(self) -> AddressNames | None:
        """Who tells names that are shown instead of addresses; None = addresses are."""
        return self._names

    def set_names(self, names: AddressNames | None) -> None:
        """Show names instead of addresses, or addresses."""
        self._names = names
        self.forget_ends()

    def set_colouring(self, colouring: Colouring | None) -> None:
        """Colour rows by other rules, or by none."""
        self._colouring = colouring
        for page in self._pages.values():
            page.hues = None

    def hue(self, row: int) -> int:
        """`Hue` of the row, 0 = no rule's."""
        if self._colouring is None:
            return 0
        page, offset = self._page_of(row)
        if page.hues is None:
            gone = int((page.ids < self._session.log.first_id).sum())
            page.hues = [0] * gone + self._colouring.hues(self._session.log, page.ids[gone:]).tolist()
        return page.hues[offset]

    def set_time_format(self, form: TimeFormat) -> None:
        """Show times in another way."""
        self._time_format = form
        for page in self._pages.values():
            page.times = None

    def show(self, rows: VisibleRows | SortedRows) -> None:
        """Other rows, or the same in another order."""
        self._rows = rows
        self.forget()

    def forget(self) -> None:
        """Everything is read again."""
        self._pages.clear()
        self._last = None

    def grown_or_shrunk(self) -> None:
        """Rows came or left: the last page may have another end."""
        self._last = None

    def text(self, row: int, column: int) -> str:
        """What the cell shows."""
        page, offset = self._page_of(row)
        if column == _TIME and self._time_format is not TimeFormat.TIME_OF_DAY:
            return self._times_of(page)[offset]
        if column in _ENDS and self._names is not None:
            return self._ends_of(page, self._names)[column - _ENDS[0]][offset] or page.texts[column][offset]
        if column < TEXT_COLUMNS:
            return page.texts[column][offset]
        if column == _COMMENT:
            return self._comments_of(page)[offset]
        if column >= IDENTITY_COLUMNS[0]:
            return self._identity_of(page)[column - IDENTITY_COLUMNS[0]][offset]
        mark = self._marks_of(page)[offset]
        return mark.word if column == Column.FINDING else mark.score_text

    def mark(self, row: int) -> Mark:
        """What analysis said of the row."""
        page, offset = self._page_of(row)
        return self._marks_of(page)[offset]

    def note(self, row: int) -> int:
        """`NoteFlag` of the row."""
        page, offset = self._page_of(row)
        if page.notes is None:
            gone = int((page.ids < self._session.log.first_id).sum())
            page.notes = [0] * gone + self._session.log.column("mark", page.ids[gone:]).tolist()
        return page.notes[offset]

    def forget_marks(self, first_row: int, stop_row: int) -> None:
        """Read again what analysis said of rows."""
        for page in self._between(first_row, stop_row):
            page.marks = page.hues = page.identity = None

    def forget_identity(self, first_row: int, stop_row: int) -> None:
        """Read again who is behind rows."""
        for page in self._between(first_row, stop_row):
            page.identity = page.hues = None
        self.forget_ends()

    def forget_ends(self) -> None:
        """Ask again what addresses are called: what one packet told is true of others, too."""
        for page in self._pages.values():
            page.ends = None

    def forget_notes(self) -> None:
        """Read again what a person noted."""
        for page in self._pages.values():
            page.notes = page.comments = page.hues = None

    def family_of(self, number: int) -> int:
        """Index of an incident's family; 0 = none, or the model's own."""
        incident = self._session.findings.incident(number) if number else None
        family = FAMILY_INDEX.get(incident.family, 0) if incident is not None else 0
        return family if family != UNUSUAL else 0

    def _page_of(self, row: int) -> tuple[_Page, int]:
        position = self._rows.start + row
        page = self._last
        if page is None or not page.first <= position < page.stop:
            page = self._last = self._load(position)
        return page, position - page.first

    def _load(self, position: int) -> _Page:
        number = position // PAGE_ROWS
        page = self._pages.get(number)
        if page is None or not page.first <= position < page.stop:
            first = max(number * PAGE_ROWS, self._rows.start)
            stop = min((number + 1) * PAGE_ROWS, self._rows.stop)
            ids = self._rows.ids(first - self._rows.start, stop - self._rows.start)
            page = self._pages[number] = _Page(first, ids, text_columns(self._session.log, ids))
        self._pages.move_to_end(number)
        while len(self._pages) > _KEPT_PAGES:
            self._pages.popitem(last=False)
        return page

    def _marks_of(self, page: _Page) -> list[Mark]:
        if page.marks is None:
            gone = int((page.ids < self._session.log.first_id).sum())
            page.marks = [Mark()] * gone + marks(
                self._session.log, page.ids[gone:], self._words, self.family_of
            )
        return page.marks

    def _identity_of(self, page: _Page) -> list[list[str]]:
        if page.identity is None:
            gone = int((page.ids < self._session.log.first_id).sum())
            texts = identity_columns(self._session.log, page.ids[gone:])
            page.identity = [[""] * gone + [visible(text) for text in column] for column in texts]
        return page.identity

    def _ends_of(self, page: _Page, names: AddressNames) -> tuple[list[str], list[str]]:
        if page.ends is None:
            gone = int((page.ids < self._session.log.first_id).sum())
            source, destination = names.ends(page.ids[gone:])
            page.ends = (
                [""] * gone + [visible(name) for name in source],
                [""] * gone + [visible(name) for name in destination],
            )
        return page.ends

    def _comments_of(self, page: _Page) -> list[str]:
        if page.comments is None:
            notes = self._session.notes
            page.comments = [visible(notes.comment(packet_id)) for packet_id in page.ids.tolist()]
        return page.comments

    def _times_of(self, page: _Page) -> list[str]:
        if page.times is None:
            log = self._session.log
            # Rows of a page that have left are no longer asked for.
            here = page.ids[page.ids >= log.first_id]
            row = page.first + len(page.ids) - len(here) - self._rows.start
            above = self._rows.id_at(row - 1) if row > 0 else -1
            previous = (
                int(log.column("timestamp_ns", np.array([above]))[0]) if above >= log.first_id else None
            )
            times = log.column("timestamp_ns", here)
            texts = time_texts(times, self._time_format, start_ns=log.start_ns, previous_ns=previous)
            page.times = [""] * (len(page.ids) - len(here)) + texts
        return page.times

    def _between(self, first_row: int, stop_row: int) -> list[_Page]:
        first = (self._rows.start + first_row) // PAGE_ROWS
        last = (self._rows.start + stop_row - 1) // PAGE_ROWS
        return [page for number, page in self._pages.items() if first <= number <= last]


def note_words(flags: int, comment: str) -> str:
    """What a person noted of a packet, in words; empty where nothing was."""
    parts = ["Marked"] if flags & NoteFlag.MARKED else []
    return "\n".join(parts + (list(map(visible, comment.splitlines())) if flags & NoteFlag.COMMENTED else []))
