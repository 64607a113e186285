"""`Why`: why a row was flagged, what would have made it usual, and where it lies among what is usual, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX, UNUSUAL
from trafficdesk.detect.words import amount, listed_and, phrase, usually
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LISTED: Final = 3
"""Behaviours named of those that must change together."""


@dataclass(frozen=True, slots=True, eq=False)
class WhyReason:
    """One behaviour of the row, and where it lies."""

    feature: int
    """Index in `features.FEATURES`."""
    value: float
    """In the feature's unit, as everything here but `sample`."""
    usual: float
    """The reference's 99 % value; NaN = no reference yet."""
    median: float
    sample: NDArray[np.float32]
    """Ascending values of the reference as stored; empty = no reference yet."""
    limit: float
    """The row would be usual from here on, towards the median; NaN = by no value of this behaviour alone."""
    unnamed: float = float("nan")
    """The rule would not name the row from here on; NaN = no rule does, or by no value of this behaviour alone."""
    family: str = ""
    """What the rule calls it."""
    because: tuple[str, ...] = ()
    """What would still stand out at the median, where there is no limit."""

    @property
    def share(self) -> float:
        """Share of the reference whose value is lower; NaN = no reference yet."""
        if not len(self.sample):
            return float("nan")
        stored = np.float32(FEATURES[self.feature].stored(np.array(self.value)))
        # Stored, said and stored again: a hair may be lost.
        below = np.searchsorted(self.sample, stored - np.float32(1e-4), "left")
        return float(below / len(self.sample))

    @property
    def _share_above(self) -> float:
        stored = np.float32(FEATURES[self.feature].stored(np.array(self.value)))
        return float(1 - np.searchsorted(self.sample, stored + np.float32(1e-4), "right") / len(self.sample))

    @property
    def place(self) -> str:
        """Where the row lies among what is usual, as a sentence."""
        if not len(self.sample):
            return "Nothing is known yet of what is usual here."
        unit = FEATURES[self.feature].unit
        middle = amount(self.median, unit)
        half = f", half of them {middle} or less" if not middle.startswith("0") else ""
        # A hair may be lost between what is stored and what is said.
        low = self.value < self.median * (1 - 1e-4)
        share = self._share_above if low else self.share
        # Rounded down: 100 % would be all of them.
        than = "all" if share >= 1 else f"{int(share * 1000) / 10:.1f} %"
        lies = f"{'Lower' if low else 'Higher'} than {than} of {len(self.sample):,} usual packets"
        return f"{lies}; {usually(self.usual, unit, self.value)}{half}."

    @property
    def what_if(self) -> str:
        """The counterfactual as a sentence: "Would be usual below 1.3 MB."; empty where nothing is known."""
        if np.isfinite(self.limit):
            return f"Would be usual {self._beyond(self.limit)}."
        unnamed = (
            f"No {_within(self.family)} {self._beyond(self.unnamed)}. " if np.isfinite(self.unnamed) else ""
        )
        if not self.because:
            return unnamed.rstrip()
        usual = amount(self.median, FEATURES[self.feature].unit)
        return f"{unnamed}Unusual even at {usual}, because of {listed_and(self.because)}."

    def _beyond(self, limit: float) -> str:
        unit = FEATURES[self.feature].unit
        if limit > self.value:
            return f"above {amount(limit, unit)}"
        return f"below {amount(limit, unit)}" if unit or limit >= 0.5 else "without any"


@dataclass(frozen=True, slots=True, eq=False)
class Why:
    """Why a row was flagged."""

    packet_id: int
    family: str
    """Name in `detect.families`."""
    score: float
    judged_by: int
    """Number of the model that judged the row; 0 = rules only."""
    told_by: int
    """Number of the model this was worked out with; 0 = none."""
    reasons: tuple[WhyReason, ...]
    together: bool
    """Each reason by itself is usual."""
    holds: bool
    """Whether this model or a rule flags the row; else it was flagged for being like what a person marked, or by a
    model that has gone."""
    enough: tuple[tuple[int, float], ...]
    """Features, and the values at which all of them together would make the row usual; empty where one does, or
    where not even many do."""
    score_today: float
    """Score under the model in force, without what rules add; NaN = none."""
    unusual_today: bool | None
    """Whether the row would be flagged today; None = there is no model, and no rule names it."""
    seed: int | None = None
    """Of the model that judged the row, which with its window gives the same model again; None = forgotten."""

    @property
    def what_if(self) -> str:
        """What several behaviours together would have to be; empty where a single one is enough."""
        if not self.holds:
            return "By itself it is usual: it was flagged by an earlier model, or is like what you marked as suspicious."
        if not self.enough:
            return ""
        parts = [phrase(FEATURES[index], value) for index, value in self.enough[:_LISTED]]
        if len(self.enough) > _LISTED:
            more = len(self.enough) - _LISTED
            parts.append(f"{more} more behaviour{'s' if more > 1 else ''} like that")
        return f"Would be usual only with all of this together: {listed_and(tuple(parts))}."

    @property
    def state(self) -> str:
        """Family, score, model, and whether it would be unusual today."""
        model = f"model {self.judged_by}" if self.judged_by else "no model yet"
        if self.seed is not None:
            model = f"{model} (seed {self.seed})"
        if self.told_by and self.told_by != self.judged_by:
            model = f"{model}, explained by model {self.told_by}"
        score = f"score {self.score:.1f}" if np.isfinite(self.score) else ""
        combined = "only the combination is unusual" if self.together else ""
        title = FAMILIES[FAMILY_INDEX[self.family]].title
        return " · ".join(filter(None, (title, score, model, combined, self.today)))

    @property
    def today(self) -> str:
        """Whether it would be flagged today: "still unusual today (score 1.4)"."""
        if self.unusual_today is None:
            return ""
        if self.family != FAMILIES[UNUSUAL].name:
            score = f", score {self.score_today:.1f} without it" if np.isfinite(self.score_today) else ""
            return f"its rule would name it today as well{score}"
        word = "still unusual today" if self.unusual_today else "no longer unusual today"
        return f"{word} (score {self.score_today:.1f})" if np.isfinite(self.score_today) else word


def _within(family: str) -> str:
    """A family's title within a sentence: "port scan", "DNS tunnel"."""
    title = FAMILIES[FAMILY_INDEX[family]].title
    return title if title[:2].isupper() else f"{title[:1].lower()}{title[1:]}"
