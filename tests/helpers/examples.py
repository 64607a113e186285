"""Rows with classes for tests of classifiers: clouds of points that can be told apart."""

from __future__ import annotations

import functools

import numpy as np

from trafficdesk.classify.classifier import NORMAL, Classifier, Kind, definitions
from trafficdesk.classify.examples import Examples
from trafficdesk.classify.training import train


def clouds(*names: str, groups: int = 4, rows: int = 30, width: int = 0, seed: int = 1) -> Examples:
    """`groups` groups of `rows` rows for each name, each name around a place of its own."""
    random = np.random.default_rng(seed)
    width = width or len(definitions(Kind.LABEL))
    values, of, group = [], [], []
    for at, name in enumerate(names):
        for number in range(groups):
            middle = np.where(np.arange(width) % len(names) == at, 6.0, 0.0) + random.normal(0, 0.4, width)
            values.append(random.normal(middle, 1.0, (rows, width)))
            of += [name] * rows
            group += [at * 1_000 + number] * rows
    return Examples.given(np.concatenate(values).astype(np.float32), of, group)


@functools.cache
def a_model(kind: Kind = Kind.LABEL) -> Classifier:
    """A small trained classifier."""
    names = (NORMAL, "scan", "backup") if kind is Kind.LABEL else ("DNS", "TLS")
    return train(clouds(*names, groups=25, rows=4, width=len(definitions(kind))), kind, seed=3)
