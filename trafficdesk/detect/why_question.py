"""`WhyQuestion`: asks the detector why a row was flagged.

Answered from what the detector remembers of the row and the model that flagged it, or, where that one has gone, by the
model in force; the answer says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.assembly import RULE_OF
from trafficdesk.detect.behaviours import OF_FEATURE, TWINS
from trafficdesk.detect.combination import combination
from trafficdesk.detect.explanation import explain, of_rule, ranked
from trafficdesk.detect.families import FAMILIES
from trafficdesk.detect.reference import is_odd
from trafficdesk.detect.today import StillUnusual
from trafficdesk.detect.what_if import calm_from, calm_together, moved
from trafficdesk.detect.why import Why, WhyReason
from trafficdesk.detect.words import phrase
from trafficdesk.features import FEATURES, INDEX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.explanation import Reasons
    from trafficdesk.detect.forest import Model
    from trafficdesk.detect.memory import RememberedRows
    from trafficdesk.detect.rules import Rule
    from trafficdesk.detect.today import Today
    from trafficdesk.detect.what_if import Flags

_HAIR: Final = 1e-6
"""As for `rules.Scene.reaches`."""


@dataclass(frozen=True, slots=True, eq=False)
class WhyQuestion:
    """Of some rows, the one that stands out most is explained; the answer is None where none is remembered."""

    packet_ids: NDArray[np.int64]

    def answered(self, detector: Detector) -> Why | None:
        """Ask what is remembered."""
        rows = detector.memory.rows_of(self.packet_ids)
        rows = rows.where(rows.family > 0)
        if not len(rows):
            return None
        at = int(np.nan_to_num(rows.score, nan=-np.inf).argmax())
        model = detector.models.model(int(rows.model[at])) or detector.model_in_force
        if model is None and int(rows.family[at]) not in RULE_OF:
            return None  # the model that flagged it has gone, and none has come since
        (today,) = StillUnusual((int(rows.ids[at]),)).answered(detector)
        return _why(rows, at, model, today)


def unusual(model: Model | None) -> Flags:
    """Whether `model` alone flags rows; None and an early model flag none."""

    def flags(values: NDArray[np.float32]) -> NDArray[np.bool_]:
        if model is None or model.early:
            return np.zeros(len(values), np.bool_)
        return np.asarray(is_odd(model.z(values), model.reference.out_of_range(values)))

    return flags


def named_by(rule: Rule, row: NDArray[np.float32]) -> Flags:
    """Whether `rule`, which names `row` (features,), would name rows in which only features were changed."""
    reached = _reached(rule, row)
    ways = [way for way in rule.ways or (tuple(rule.measures),) if set(way) <= set(reached)]
    # Held by something that its measures don't tell: whatever of them is reached is needed.
    ways = ways or [tuple(reached)]

    def holds(values: NDArray[np.float32]) -> NDArray[np.bool_]:
        out = np.zeros(len(values), np.bool_)
        for way in ways:
            out |= np.all([_said(values, name) >= _least(rule.measures[name]) for name in way], axis=0)
        return out

    return holds


def _why(rows: RememberedRows, at: int, model: Model | None, today: Today) -> Why:
    row, family = rows.values[at], int(rows.family[at])
    rule = RULE_OF.get(family)
    named = named_by(rule, row) if rule is not None else None

    def flags(values: NDArray[np.float32]) -> NDArray[np.bool_]:
        odd = unusual(model)(values)
        return odd if named is None else odd | named(values)

    reasons = _reasons(row, rule, model)
    features = [int(index) for index in reasons.features[0] if index >= 0]
    holds = bool(flags(row[None])[0])
    told = _told(row, features, _Judge(model, rule, named), flags if holds else None)
    enough: tuple[tuple[int, float], ...] = ()
    if holds and not any(np.isfinite(one.limit) for one in told):
        enough = _enough(row, features, model, flags)
    # What a rule names is no matter of what is usual.
    unusual_today = True if rule is not None else today.unusual_today if today.model_today else None
    return Why(
        packet_id=int(rows.ids[at]),
        family=FAMILIES[family].name,
        score=float(rows.score[at]),
        judged_by=int(rows.model[at]),
        told_by=model.number if model is not None else 0,
        reasons=told,
        together=rule is None and bool(reasons.together[0]),
        holds=holds,
        enough=enough,
        score_today=today.score_today,
        unusual_today=unusual_today,
        seed=today.model.seed if today.model is not None else None,
    )


def _reasons(row: NDArray[np.float32], rule: Rule | None, model: Model | None) -> Reasons:
    if rule is not None:
        return of_rule(row[None], rule.measures, model.reference if model is not None else None)
    assert model is not None  # see `WhyQuestion.answered`
    reasons = explain(row[None], model.reference)
    return combination(row[None], model) if reasons.together[0] else reasons


@dataclass(frozen=True, slots=True)
class _Judge:
    """Who flagged a row."""

    model: Model | None
    rule: Rule | None
    named: Flags | None
    """Whether the rule names a row in which something was changed."""

    def still(self, row: NDArray[np.float32], changed: int) -> tuple[str, ...]:
        """What stands out of a row (features,) in which the behaviour of feature `changed` was made usual."""
        if self.rule is not None and self.named is not None and self.named(row[None])[0]:
            others = [INDEX[name] for name in _reached(self.rule, row)]
            told = tuple(_phrase(index, row) for index in others if OF_FEATURE[index] != OF_FEATURE[changed])
            return told[:2] or (f"the rule for {self.rule.family}",)
        if self.model is None:
            return ()
        reasons = explain(row[None], self.model.reference)
        combined = bool(reasons.together[0])
        if combined:
            reasons = combination(row[None], self.model)
        indices = [int(index) for index in reasons.features[0] if index >= 0]
        return tuple(_phrase(index, row) for index in indices[: 2 if combined else 1])


def _told(
    row: NDArray[np.float32], features: list[int], judge: _Judge, flags: Flags | None
) -> tuple[WhyReason, ...]:
    """The reasons; without `flags` none has a limit: nobody but a person's word flags the row."""
    model = judge.model
    usual = _usual(row, model)
    groups = [TWINS[index] for index in features]
    shares = calm_from(row, usual, groups, flags) if flags is not None else np.full(len(groups), np.nan)
    unnamed = np.full(len(groups), np.nan)
    if judge.named is not None:
        unnamed = calm_from(row, usual, groups, judge.named)
    out = []
    for index, group, share, released in zip(
        features, groups, shares.tolist(), unnamed.tolist(), strict=True
    ):
        feature = FEATURES[index]
        because: tuple[str, ...] = ()
        if np.isnan(share) and flags is not None:
            changed = moved(row, usual, [group], np.ones((1, 1)))[0, 0]
            because = judge.still(changed, index)
        way = usual[index] - row[index]
        reference = model.reference if model is not None else None
        out.append(
            WhyReason(
                feature=index,
                value=float(feature.said(row[index])),
                usual=float(feature.said(reference.q99[index])) if reference else float("nan"),
                median=float(feature.said(usual[index])),
                sample=reference.sorted_columns[index].copy() if reference else np.empty(0, np.float32),
                limit=float(feature.said(np.array(row[index] + share * way))),
                unnamed=float(feature.said(np.array(row[index] + released * way))),
                family=judge.rule.family if judge.rule is not None else "",
                because=because,
            )
        )
    return tuple(out)


def _enough(
    row: NDArray[np.float32], features: list[int], model: Model | None, flags: Flags
) -> tuple[tuple[int, float], ...]:
    """Features of the fewest behaviours that make the row usual together, and their values then."""
    chosen = list(features)
    if model is not None:
        known = {OF_FEATURE[index] for index in chosen}
        for index in ranked(row[None], model.reference)[0].tolist():
            if OF_FEATURE[index] not in known:
                known.add(OF_FEATURE[index])
                chosen.append(index)
    usual = _usual(row, model)
    groups = [TWINS[index] for index in chosen]
    count, share = calm_together(row, usual, groups, flags)
    values = [row[index] + share * (usual[index] - row[index]) for index in chosen[:count]]
    return tuple(
        (index, float(FEATURES[index].said(np.array(value))))
        for index, value in zip(chosen[:count], values, strict=True)
    )


def _usual(row: NDArray[np.float32], model: Model | None) -> NDArray[np.float32]:
    """(features,) where a behaviour is at home: the reference's median, else nothing of it."""
    return model.reference.median if model is not None else np.zeros_like(row)


def _phrase(index: int, row: NDArray[np.float32]) -> str:
    return phrase(FEATURES[index], float(FEATURES[index].said(row[index])))


def _reached(rule: Rule, row: NDArray[np.float32]) -> list[str]:
    """Measures that are at their floor in a row (features,)."""
    return [name for name, floor in rule.measures.items() if _said(row[None], name)[0] >= _least(floor)]


def _said(values: NDArray[np.float32], name: str) -> NDArray[np.float64]:
    index = INDEX[name]
    return FEATURES[index].said(values[:, index])


def _least(floor: float) -> float:
    return floor * (1 - _HAIR)
