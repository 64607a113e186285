"""Filters over numbers that stand for texts: each text is tested once, then rows are chosen by their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.packets.filter_rows import FilterField, Mask, Rows
    from trafficdesk.packets.identities import Interned


class LabelTest:
    """One test of one field, remembered for every text it was asked of; may be used from any thread.

    Parameters
    ----------
    field : of kind LABEL.
    test : asked of each text's UTF-8.
    """

    def __init__(self, field: FilterField, test: Callable[[bytes], bool]) -> None:
        self._field = field
        self._test = test
        self._answered: tuple[Interned[Any] | None, NDArray[np.bool_]] = (None, np.zeros(0, np.bool_))

    def __call__(self, rows: Rows) -> Mask:
        """(rows,) that have the field and pass the test."""
        values = self._field.read(rows)
        if rows.identities is None or self._field.labels is None or not values.present.any():
            return np.zeros(len(rows.batch), np.bool_)
        return values.present & self._answers(rows)[values.occurrences[0]]

    def _answers(self, rows: Rows) -> NDArray[np.bool_]:
        assert rows.identities is not None
        assert self._field.labels is not None
        table, text_of = self._field.labels(rows.identities)
        known, answers = self._answered
        if known is not table:
            answers = np.zeros(0, np.bool_)
        fresh = table.since(len(answers))
        if fresh:
            texts = (text_of(entry) for entry in fresh)
            more = [bool(text) and self._test(text.encode("utf-8", "backslashreplace")) for text in texts]
            answers = np.concatenate([answers, np.array(more, np.bool_)])
            self._answered = (table, answers)
        return answers
