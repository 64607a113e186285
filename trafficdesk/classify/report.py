"""`TrainingReport`: what a classifier is worth, counted on incidents or conversations that it was not shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_MOST_CLASSES: Final = 200
_MOST_NAME: Final = 80
_MOST_WORDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class."""

    name: str
    groups: int
    """Incidents, or conversations, it was learned from."""
    rows: int
    """Rows of them that were learned from."""
    tested: int
    """Of these, rows scored by a forest that had not seen their incident."""
    precision: float | None
    """Share of the rows called so that were so; None = nothing was called so, or it could not be tested."""
    recall: float | None
    """Share of its rows that were recognised; None = it could not be tested."""

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both."""
        if self.precision is None or self.recall is None:
            return None
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Everything that is said of one training."""

    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    """[true][said] rows."""
    folds: int
    held_out: str
    """What a fold holds out: "incidents" or "conversations"."""
    notes: tuple[str, ...] = ()
    """Sentences: what could not be tested, what was left out."""

    @property
    def tested(self) -> int:
        """Rows that were scored."""
        return sum(map(sum, self.confusion))

    @property
    def names_tested(self) -> bool:
        """Whether any class but the normal one could be tested."""
        return any(one.tested and one.name != "normal" for one in self.classes)

    @property
    def accuracy(self) -> float | None:
        """Share of the tested rows that were called right."""
        right = sum(row[at] for at, row in enumerate(self.confusion))
        return right / self.tested if self.tested else None

    @property
    def macro_f1(self) -> float | None:
        """Mean F1 over the classes that could be tested: the small ones count as much as the large."""
        # A class that nobody was called is the worst there is, not one to leave out.
        known = [score.f1 or 0.0 for score in self.classes if score.recall is not None]
        return sum(known) / len(known) if known else None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "held_out": self.held_out,
            "folds": self.folds,
            "tested": self.tested,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "classes": [
                {
                    "name": one.name,
                    self.held_out: one.groups,
                    "rows": one.rows,
                    "tested": one.tested,
                    "precision": one.precision,
                    "recall": one.recall,
                    "f1": one.f1,
                }
                for one in self.classes
            ],
            "confusion": [list(row) for row in self.confusion],
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Back from `as_json`.

        Raises
        ------
        ValueError
            If it is none.
        """
        try:
            return cls._read(value)
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError("its report is broken") from error

    @classmethod
    def _read(cls, value: Mapping[str, Any]) -> Self:
        held_out = _text(value["held_out"], _MOST_NAME)
        classes = tuple(
            ClassScore(
                _text(one["name"], _MOST_NAME),
                _count(one[held_out]),
                _count(one["rows"]),
                _count(one["tested"]),
                _share(one["precision"]),
                _share(one["recall"]),
            )
            for one in value["classes"][:_MOST_CLASSES]
        )
        confusion = tuple(tuple(_count(cell) for cell in row) for row in value["confusion"][:_MOST_CLASSES])
        if len(confusion) != len(classes) or any(len(row) != len(classes) for row in confusion):
            raise ValueError("its confusion matrix is broken")
        notes = tuple(_text(note, _MOST_WORDS) for note in value["notes"][:_MOST_CLASSES])
        return cls(classes, confusion, _count(value["folds"]), held_out, notes)


def report_of(
    names: Sequence[str],
    confusion: NDArray[np.int64],
    *,
    groups: Sequence[int],
    rows: Sequence[int],
    folds: int,
    held_out: str,
    notes: Sequence[str] = (),
) -> TrainingReport:
    """Scores out of a confusion matrix (true, said)."""
    right = np.diag(confusion)
    tested, said = confusion.sum(axis=1), confusion.sum(axis=0)
    classes = tuple(
        ClassScore(
            name,
            int(groups[at]),
            int(rows[at]),
            int(tested[at]),
            float(right[at] / said[at]) if tested[at] and said[at] else None,
            float(right[at] / tested[at]) if tested[at] else None,
        )
        for at, name in enumerate(names)
    )
    return TrainingReport(
        classes, tuple(tuple(map(int, row)) for row in confusion), folds, held_out, tuple(notes)
    )


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError("its report has words that are none")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError("its report has counts that are none")
    return value


def _share(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("its report has shares that are none")
    return float(value)
