"""Our walk of the trees is scikit-learn's, and arrays that are no forest are refused."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from trafficdesk.classify.nodes import MOST_DEPTH
from trafficdesk.classify.trees import Trees


def grown(classes=3, rows=400, columns=6, leaf=5, seed=0, trees=20):
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, columns)).astype(np.float32)
    truth = (values[:, 0] > 0) + (values[:, 1] > 0.5) * (classes > 2)
    forest = RandomForestClassifier(
        trees, min_samples_leaf=leaf, class_weight="balanced_subsample", random_state=seed
    ).fit(values, truth)
    return forest, values


@given(st.integers(2, 3), st.integers(20, 300), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=12, deadline=None)
def test_probabilities_are_those_of_scikit_learn(classes, rows, leaf, seed):
    """`probabilities` equals `predict_proba` for rows seen, not seen, and on the very thresholds."""
    forest, values = grown(classes, rows, leaf=leaf, seed=seed)
    trees = Trees.of(forest, values.shape[1])
    inner = trees.feature >= 0
    edge = np.zeros((int(inner.sum()), values.shape[1]), np.float32)
    edge[np.arange(len(edge)), trees.feature[inner]] = trees.threshold[inner]
    other = np.random.default_rng(seed + 1).normal(size=(50, values.shape[1])).astype(np.float32) * 3
    for asked in (values, other, edge):
        if len(asked):
            np.testing.assert_allclose(trees.probabilities(asked), forest.predict_proba(asked), atol=1e-6)


def test_rows_beyond_one_block_are_all_walked():
    """Many rows give what the same rows give one at a time."""
    forest, values = grown(rows=300)
    trees = Trees.of(forest, values.shape[1])
    many = np.tile(values, (8, 1))
    np.testing.assert_array_equal(trees.probabilities(many), np.tile(trees.probabilities(values), (8, 1)))
    assert trees.probabilities(many[:0]).shape == (0, trees.shares.shape[1])


def changed(trees, **arrays):
    return Trees(
        **{field.name: arrays.get(field.name, getattr(trees, field.name)) for field in fields(Trees)}
    )


def with_value(array, at, value):
    array = array.copy()
    array[at] = value
    return array


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("left", 0, 0),
        ("left", 0, -1),
        ("right", 0, 10**6),
        ("right", 0, 0),
        ("feature", 0, 6),
        ("feature", 0, -2),
        ("feature", 0, -1),
        ("threshold", 0, np.nan),
        ("shares", (0, 0), np.inf),
        ("shares", (0, 0), -0.5),
        ("shares", (0, 0), 7.0),
        ("roots", 0, 1),
        ("roots", 1, 0),
        ("roots", -1, 10**6),
    ],
)
def test_arrays_that_lead_astray_are_refused(name, at, value):
    """A child that is no later node of its tree, a feature that is none, shares that don't add up: no forest."""
    forest, values = grown()
    trees = Trees.of(forest, values.shape[1])
    with pytest.raises(ValueError, match=r"^it|^its"):
        changed(trees, **{name: with_value(getattr(trees, name), at, value)})


def test_a_child_in_another_tree_is_refused():
    """A node may only lead to nodes of its own tree."""
    forest, values = grown()
    trees = Trees.of(forest, values.shape[1])
    with pytest.raises(ValueError, match="out of their tree"):
        changed(trees, right=with_value(trees.right, 0, int(trees.roots[1]) + 1))


def test_a_chain_without_end_is_refused():
    """Trees deeper than any real one are not walked."""
    nodes = 2 * (MOST_DEPTH + 2) + 1
    inner = np.arange(nodes) % 2 == 0
    inner[-1] = False
    feature = np.where(inner, 0, -1).astype(np.int16)
    left = np.where(inner, np.arange(nodes) + 1, 0).astype(np.int32)
    right = np.where(inner, np.arange(nodes) + 2, 0).astype(np.int32)
    leaves = int((~inner).sum())
    with pytest.raises(ValueError, match="deeper"):
        Trees(
            np.zeros(1, np.int32),
            feature,
            np.zeros(nodes),
            left,
            right,
            1,
            np.full((leaves, 2), 0.5, np.float32),
        )
