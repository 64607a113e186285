"""`Corrections`: all that a person said of the analysis, in the order in which it was said.

What follows from it is a pure function of this list and of what the detector saw: nothing that was said changes what is
learned in a way that taking it back does not undo. So the list without its last entry gives the scores of before, bit
by bit.

* Expected: rows like the labelled ones are suppressed; they keep their place in the counts.
* Suspicious: rows like the labelled ones score `RAISED` more and are flagged, and never teach the model.
* Just this once: rows of an incident, and no others, are suppressed.
* A suppression rule: rows it holds for are suppressed.

Of two that speak of a row the later one holds, but nothing silences what is known to be bad save a label on such rows
themselves: a rule is too coarse for that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.labels import Label, Stance
from trafficdesk.detect.likeness import Likeness, unteachable
from trafficdesk.detect.suppression import SuppressionRule
from trafficdesk.packets.log import FLAGGED, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from trafficdesk.detect.likeness import Subject

MOST: Final = 1_000
"""Entries; more is a habit that a rule serves better."""
RAISED: Final = 0.5
"""What is like known-bad scores this much more, and 1 + this at least."""
NEARLY: Final = 0.6
"""Score from which a row is looked at for what is known-bad: where its colour begins."""
CALMED_SCORE: Final = np.float32(0.99)
"""The most that a suppressed row scores: below the line, where nothing is highlighted."""


@dataclass(frozen=True, slots=True, eq=False)
class Once:
    """Just this once: these rows, and nothing is learned of it. Holds within its capture."""

    number: int
    """As of a `Label`."""
    incident: int
    """Number of the incident; 0 = rows of none."""
    ids: NDArray[np.int64]
    """(rows,) ascending packet_ids; of an incident, those it had then."""
    words: str
    noted_ns: int


Entry = Label | SuppressionRule | Once


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """A list that is never changed, only replaced."""

    entries: tuple[Entry, ...] = ()
    last_number: int = 0
    """The highest number ever given."""
    _likeness: list[Likeness] = field(default_factory=list, repr=False, compare=False)
    """Built when it is first asked for."""

    def __len__(self) -> int:
        return len(self.entries)

    def __getstate__(self) -> tuple[tuple[Entry, ...], int]:
        return self.entries, self.last_number

    def __setstate__(self, state: tuple[tuple[Entry, ...], int]) -> None:
        for name, value in zip(("entries", "last_number", "_likeness"), (*state, []), strict=True):
            object.__setattr__(self, name, value)

    @property
    def labels(self) -> tuple[Label, ...]:
        """What was said of rows, for good."""
        return tuple(entry for entry in self.entries if isinstance(entry, Label))

    @property
    def rules(self) -> tuple[SuppressionRule, ...]:
        """Suppression rules."""
        return tuple(entry for entry in self.entries if isinstance(entry, SuppressionRule))

    @property
    def once(self) -> tuple[Once, ...]:
        """What was dismissed in this capture."""
        return tuple(entry for entry in self.entries if isinstance(entry, Once))

    @property
    def next_number(self) -> int:
        """For the next entry."""
        return self.last_number + 1

    def entry(self, number: int) -> Entry | None:
        """The entry of a number, or None."""
        return next((entry for entry in self.entries if entry.number == number), None)

    def with_entries(self, *new: Entry) -> Corrections:
        """With more said, the oldest forgotten beyond `MOST`."""
        last = max([self.last_number, *(entry.number for entry in new)])
        return Corrections((*self.entries, *new)[-MOST:], last)

    def without(self, numbers: Iterable[int]) -> Corrections:
        """With some taken back."""
        gone = set(numbers)
        kept = tuple(entry for entry in self.entries if entry.number not in gone)
        return Corrections(kept, self.last_number)

    def replaced(self, entry: Entry) -> Corrections:
        """With another entry in the place of the one of its number."""
        entries = tuple(entry if old.number == entry.number else old for old in self.entries)
        return Corrections(entries, self.last_number)

    def numbered_from(self, last_number: int) -> Corrections:
        """The same; numbers up to `last_number` were given already."""
        return Corrections(self.entries, max(self.last_number, last_number))

    def ended(self, expires_ns: int) -> bool:
        """Whether a rule ended at that time."""
        return any(rule.on and rule.expires_ns == expires_ns for rule in self.rules)

    def lasting(self) -> Corrections:
        """What holds in other captures, too."""
        return self.without(one.number for one in self.once)

    def detector_part(self) -> Corrections:
        """What only the detector can judge: labels."""
        return Corrections(self.labels, self.last_number)

    def spoken(self, subject: Subject) -> NDArray[np.int32]:
        """(rows,) number of the label that holds for each row, negative where it says suspicious; 0 = none."""
        labels = self.labels
        if not labels or not len(subject):
            return np.zeros(len(subject), np.int32)
        signed = np.array(
            [0, *(one.number if one.stance is Stance.EXPECTED else -one.number for one in labels)], np.int32
        )
        expected, suspicious = self._both()
        spoken: NDArray[np.int32] = signed[
            np.maximum(expected.positions(subject), suspicious.positions(subject)) + 1
        ]
        return spoken

    def bad(self, subject: Subject) -> NDArray[np.bool_]:
        """(rows,) that are like what was marked suspicious, whatever else was said."""
        return self._both()[1].positions(subject) >= 0

    def taught(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Rows of a learning set (rows, features) without those that are like what was marked suspicious."""
        bad = [label for label in self.labels if label.stance is Stance.SUSPICIOUS]
        return values[~unteachable(bad, values)] if bad else values

    @property
    def has_bad(self) -> bool:
        """Whether anything was marked suspicious."""
        return any(label.stance is Stance.SUSPICIOUS for label in self.labels)

    def _both(self) -> tuple[Likeness, Likeness]:
        if not self._likeness:
            for stance in (Stance.EXPECTED, Stance.SUSPICIOUS):
                chosen = [item for item in enumerate(self.labels) if item[1].stance is stance]
                self._likeness.append(Likeness([label for _, label in chosen], [at for at, _ in chosen]))
        return self._likeness[0], self._likeness[1]


def renamed(label: Label, name: str) -> Label:
    """The label under another name."""
    return replace(label, name=name)


def corrected(
    score: NDArray[np.float32], verdict: NDArray[np.uint8], spoken: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Score and verdict of rows once `spoken` (see `Corrections.spoken`) is heard; 0 leaves them as they are."""
    calmed, bad = spoken > 0, spoken < 0
    out_score = np.where(calmed, np.fmin(score, CALMED_SCORE), score)
    out_score = np.where(bad, np.fmax(score, np.float32(1.0)) + np.float32(RAISED), out_score)
    suppressed = (verdict & ~np.uint8(FLAGGED)) | np.uint8(Verdict.SUPPRESSED)
    unnamed = bad & ((verdict & FLAGGED) == 0)
    out = np.where(calmed, suppressed, verdict | np.where(bad, np.uint8(Verdict.KNOWN_BAD), np.uint8(0)))
    out = np.where(unnamed, out | np.uint8(Verdict.UNUSUAL), out)
    return out_score.astype(np.float32), out.astype(np.uint8)
