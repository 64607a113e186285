"""`Gathering`: incidents that are told and, apart from them, those that a person does not want to be told of.

What was said to be expected makes incidents, too: they can be listed, and come back when it is taken back. But it is
no evidence against anybody, so it never joins what is told.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.incidents import Claim, Incidents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.budget import AlertBudget
    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.flagged import FlaggedRows

_REMEMBERED: Final = 1_000


class Gathering:
    """Two kinds of incidents with one row of numbers.

    Parameters
    ----------
    budget : says how severe what is told must be. What a person expects is no lesson for it.
    opened : numbers that are taken.
    """

    def __init__(self, budget: AlertBudget, *, opened: int = 0) -> None:
        numbers = count(opened + 1)
        self._told = Incidents(budget, numbers)
        self._hushed = Incidents(budget, numbers, teaching=False)
        self._because: dict[int, int] = {}
        """Number of the label that hushes each incident of `_hushed`."""

    @property
    def budget(self) -> AlertBudget:
        """What is told, and what it has learned of it."""
        return self._told.budget

    def set_budget(self, budget: AlertBudget) -> None:
        """Go by another one from now on."""
        self._told.budget = self._hushed.budget = budget

    def add(self, family: int, rows: FlaggedRows, spoken: NDArray[np.int32], model_id: int) -> list[Claim]:
        """As `Incidents.add`; rows of which `spoken` is positive (see `Corrections.spoken`) are not to be told of."""
        hushed = spoken > 0
        if not hushed.any():
            return self._told.add(family, rows, model_id)
        claims = self._told.add(family, rows.where(~hushed), model_id)
        more = self._hushed.add(family, rows.where(hushed), model_id)
        for claim in more:
            self._because[claim.incident] = int(spoken[hushed].max())
        while len(self._because) > _REMEMBERED:
            del self._because[next(iter(self._because))]
        return claims + more

    def explained(
        self, rows: FlaggedRows, spoken: NDArray[np.int32]
    ) -> tuple[list[Claim], NDArray[np.bool_]]:
        """As `Incidents.explained`: an expected scan explains its victims' rows as well as another.

        Rows that belong to what is not told of are not either: their `spoken` is written.
        """
        claims, collateral = self._told.explained(rows)
        claimed = np.concatenate([claim.ids for claim in claims]) if claims else np.empty(0, np.int64)
        free = ~np.isin(rows.ids, claimed)
        more, also = self._hushed.explained(rows)
        collateral |= also & free
        for claim in more:
            belongs = np.isin(rows.ids, claim.ids) & free
            collateral &= ~belongs
            spoken[belongs & (spoken == 0)] = self._because.get(claim.incident, 0)
            claims.append(Claim(rows.ids[belongs], claim.incident))
        return claims, collateral

    def changes(self) -> tuple[Incident, ...]:
        """Incidents opened or changed since the last call, in order of opening."""
        changed = self._told.changes()
        hushed = self._hushed.changes()
        return tuple(sorted(changed + hushed, key=lambda incident: incident.id)) if hushed else changed
