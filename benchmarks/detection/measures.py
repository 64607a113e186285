"""Ranking measures, ties counted against us; high score = anomalous."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def area_under_curve(score: NDArray, attack: NDArray[np.bool_]) -> float:
    """Chance that an attack row ranks above a benign one, ties half (Mann and Whitney, 1947)."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    attacks, benign = int(attack.sum()), int((~attack).sum())
    return float((ranks[attack].sum() - attacks * (attacks + 1) / 2) / (attacks * benign))


def true_positive_rate(score: NDArray, attack: NDArray[np.bool_], false_positive_rate: float) -> float:
    """Share of attack rows at the lowest threshold that at most that share of benign rows reach.

    Thresholds lie between distinct scores: equal rows are all above or all below.
    """
    thresholds = np.unique(score)[::-1]
    benign, attacks = np.sort(score[~attack]), np.sort(score[attack])
    false = len(benign) - np.searchsorted(benign, thresholds, "left")
    true = len(attacks) - np.searchsorted(attacks, thresholds, "left")
    allowed = false <= false_positive_rate * len(benign)
    return float((true[allowed] / len(attacks)).max()) if allowed.any() else 0.0


def jaccard(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Rows in both over rows in either; 1 where both are empty."""
    either = int((one | other).sum())
    return float((one & other).sum() / either) if either else 1.0
