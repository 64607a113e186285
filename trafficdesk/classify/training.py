"""Training: a random forest on examples, tested on incidents or conversations it was not shown.

By row it would be tested on neighbours of what it learned, and look perfect: accuracy is only ever told by group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.classify.classifier import NORMAL, Classifier, Kind, definitions
from trafficdesk.classify.report import report_of
from trafficdesk.classify.trees import Trees
from trafficdesk.errors import NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from trafficdesk.classify.examples import Examples
    from trafficdesk.classify.report import TrainingReport

TREES: Final = 100
LEAST_PER_LEAF: Final = 5
LEAST_ROWS: Final = 50
"""Of a class; fewer are told, and left out."""
LEAST_INCIDENTS: Final = 2
LEAST_CONVERSATIONS: Final = 20
"""Of a protocol."""
MOST_CLASSES: Final = 60
FOLDS: Final = 5
_TOLD: Final = 12
"""Names that a sentence lists."""


def train(
    examples: Examples,
    kind: Kind,
    *,
    seed: int,
    progress: Callable[[float], None] | None = None,
    notes: Sequence[str] = (),
) -> Classifier:
    """A classifier with its report.

    Parameters
    ----------
    examples : rows with `definitions(kind)`'s features.
    seed : same examples, same seed: same forest.
    progress : told the share done, 0 to 1.
    notes : further sentences for its report.

    Raises
    ------
    NotEnoughData
        If there is too little to tell apart; the sentence says what is missing.
    """
    chosen, left_out = _enough(examples, kind)
    step = progress or (lambda _share: None)
    report = _tested(chosen, kind, seed, [*notes, *left_out], step)
    trees = Trees.of(_forest(seed).fit(chosen.values, chosen.classes), chosen.values.shape[1])
    step(1.0)
    return Classifier(kind, chosen.names, definitions(kind), trees, report, seed)


def _enough(examples: Examples, kind: Kind) -> tuple[Examples, list[str]]:
    """The classes with enough examples, and sentences about the others."""
    notes, few, kept = [], [], np.zeros(len(examples.names), np.bool_)
    for number, name in enumerate(examples.names):
        rows, groups = examples.rows_of(number), examples.groups_of(number)
        kept[number] = rows >= LEAST_ROWS if kind is Kind.LABEL else groups >= LEAST_CONVERSATIONS
        if not kept[number] and rows:
            few.append(f"“{name}” ({groups if kind is Kind.PROTOCOL else rows:,})")
    if few:
        least = f"{LEAST_CONVERSATIONS} conversations" if kind is Kind.PROTOCOL else f"{LEAST_ROWS} rows"
        notes.append(f"Left out, with fewer than {least}: {_listed(few)}.")
    if kept.sum() > MOST_CLASSES:
        sizes = np.array([examples.groups_of(number) for number in range(len(kept))]) * kept
        largest = np.argsort(-sizes, kind="stable")[:MOST_CLASSES]
        kept[:] = False
        kept[largest] = True
        notes.append(f"Only the {MOST_CLASSES} most frequent of the names were learned.")
    left = {name for name, keep in zip(examples.names, kept, strict=True) if keep}
    if kind is Kind.LABEL:
        _check_labels(examples, left, notes)
    elif len(left) < 2:
        raise NotEnoughData(
            f"Fewer than two protocols have {LEAST_CONVERSATIONS} conversations with an answer in these captures.",
            "Give more captures, or longer ones: "
            + (" ".join(notes) or "no protocol was recognised in them."),
        )
    return examples.where(kept[examples.classes]), notes


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _TOLD:,} more" if len(words) > _TOLD else ""
    return ", ".join(words[:_TOLD]) + more


def _check_labels(examples: Examples, left: set[str], notes: Sequence[str]) -> None:
    incidents = sum(
        examples.groups_of(number)
        for number, name in enumerate(examples.names)
        if name in left and name != NORMAL
    )
    missing = []
    if NORMAL not in left:
        normal = examples.names.index(NORMAL) if NORMAL in examples.names else -1
        missing.append(f"{LEAST_ROWS} normal rows (there are {examples.rows_of(normal):,})")
    if incidents < LEAST_INCIDENTS:
        missing.append(
            f"{LEAST_INCIDENTS} labelled incidents of {LEAST_ROWS} rows a name (there "
            f"{'is' if incidents == 1 else 'are'} {incidents})"
        )
    if missing:
        raise NotEnoughData(
            f"There is too little to learn from: {' and '.join(missing)} are needed.",
            " ".join(notes) or "Label more incidents, or give more captures.",
        )


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        TREES,
        min_samples_leaf=LEAST_PER_LEAF,
        class_weight="balanced_subsample",
        n_jobs=1,
        random_state=seed % 2**32,
    )


def _tested(
    examples: Examples, kind: Kind, seed: int, notes: list[str], progress: Callable[[float], None]
) -> TrainingReport:
    """Confusion of forests that had not seen the group of the rows they are asked about."""
    held_out = "incidents" if kind is Kind.LABEL else "conversations"
    fold, alone = folds_of(examples)
    if alone:
        names = _listed([f"“{examples.names[number]}”" for number in alone])
        of = "has one incident" if len(alone) == 1 else "have one incident each"
        notes.append(f"{names} {of}: learned, but not tested.")
    classes = len(examples.names)
    confusion = np.zeros((classes, classes), np.int64)
    folds = int(fold.max(initial=-1)) + 1
    for number in range(folds):
        asked, shown = fold == number, fold != number
        forest = _forest(seed).fit(examples.values[shown], examples.classes[shown])
        said = forest.classes_[forest.predict_proba(examples.values[asked]).argmax(axis=1)]
        np.add.at(confusion, (examples.classes[asked], said), 1)
        progress((number + 1) / (folds + 1))
    return report_of(
        examples.names,
        confusion,
        groups=[examples.groups_of(number) for number in range(classes)],
        rows=[examples.rows_of(number) for number in range(classes)],
        folds=folds,
        held_out=held_out,
        notes=notes,
    )


def by_capture(examples: Examples, captures: NDArray[np.int64], *, seed: int) -> str:
    """One sentence: how well conversations of captures are named by a forest that saw none of those captures.

    Conversations of one capture are each other's neighbours: the same server, the same Wi-Fi. This is what to expect
    elsewhere. Only protocols are asked about that another capture has, too.

    Parameters
    ----------
    captures : (rows,) which capture each example is of.
    """
    enough = [n for n in range(len(examples.names)) if examples.groups_of(n) >= LEAST_CONVERSATIONS]
    kept = np.isin(examples.classes, enough)
    values, classes, captures = examples.values[kept], examples.classes[kept], captures[kept]
    distinct = np.unique(captures)
    if len(distinct) < 2:
        return ""
    turn = np.random.default_rng(seed).permutation(len(distinct)) % FOLDS
    fold = turn[np.searchsorted(distinct, captures)]
    size = len(examples.names)
    confusion = np.zeros((size, size), np.int64)
    for number in np.unique(fold).tolist():
        shown = fold != number
        asked = ~shown & np.isin(classes, classes[shown])
        if len(np.unique(classes[shown])) > 1 and asked.any():
            forest = _forest(seed).fit(values[shown], classes[shown])
            np.add.at(confusion, (classes[asked], forest.predict(values[asked])), 1)
    report = report_of(
        examples.names, confusion, groups=[0] * size, rows=[0] * size, folds=FOLDS, held_out="captures"
    )
    if report.accuracy is None or report.macro_f1 is None:
        return ""
    return (
        f"By captures held out: {report.accuracy:.1%} of {report.tested:,} rows of "
        f"{len(distinct):,} captures right, mean F1 {report.macro_f1:.3f}."
    )


def folds_of(examples: Examples) -> tuple[NDArray[np.int64], list[int]]:
    """(rows,) which fold asks about a row, -1 = none; and the classes with one group only, which none can ask about.

    Each class' groups are dealt out in turn, the largest first, so that what is asked about has been shown by others of
    its class. scikit-learn's StratifiedGroupKFold may put both of two incidents into one fold.
    """
    fold = np.full(len(examples), -1, np.int64)
    alone = []
    for number in range(len(examples.names)):
        rows = np.flatnonzero(examples.classes == number)
        groups, inverse, sizes = np.unique(examples.groups[rows], return_inverse=True, return_counts=True)
        if len(groups) < 2:
            alone.append(number)
            continue
        turn = np.empty(len(groups), np.int64)
        turn[np.argsort(-sizes, kind="stable")] = (np.arange(len(groups)) + number) % FOLDS
        fold[rows] = turn[inverse.reshape(-1)]
    # Folds that nobody was dealt into are closed up.
    used = np.unique(fold[fold >= 0])
    fold[fold >= 0] = np.searchsorted(used, fold[fold >= 0])
    return fold, alone
