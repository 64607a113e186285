from dataclasses import replace

import numpy as np
import pytest

from trafficdesk.detect.forest import LEAST_ROWS, MODELLED, IsolationTrees, fit, forest_of
from trafficdesk.features import FEATURES, INDEX
from trafficdesk.settings import DetectionSettings

SETTINGS = DetectionSettings(trees=50, seed=3)


def window(rows=2_000, seed=0):
    random = np.random.default_rng(seed)
    return np.abs(random.normal(size=(rows, len(FEATURES)))).astype(np.float32)


def test_scores_equal_scikit_learns_with_the_sign_turned():
    """Our walk through the trees gives what `score_samples` gives, to rounding."""
    from sklearn.ensemble import IsolationForest

    rows = window(1_000)
    forest = IsolationForest(n_estimators=20, max_samples=128, random_state=0).fit(rows[:500])
    np.testing.assert_allclose(
        IsolationTrees.of(forest, 128).anomaly(rows), -forest.score_samples(rows), rtol=1e-9
    )


def test_high_is_anomalous_and_about_one_in_a_thousand_ordinary_rows_exceeds_one():
    """z is 0 at the middle of fresh ordinary rows and above 1 for rows far outside."""
    model = fit(window(), SETTINGS, 1)
    z = model.z(window(5_000, seed=9))
    assert abs(float(np.median(z))) < 0.1
    assert (z > 1).mean() < 0.01
    odd = window(20, seed=9)
    odd[:, MODELLED[::3]] += 30.0
    assert (model.z(odd) > 1).all()


def test_the_same_seed_gives_the_same_model_and_the_number_changes_it():
    """The seed is the setting plus the number of the refit."""
    rows = window()
    np.testing.assert_array_equal(fit(rows, SETTINGS, 1).z(rows), fit(rows, SETTINGS, 1).z(rows))
    assert not np.array_equal(fit(rows, SETTINGS, 1).z(rows), fit(rows, SETTINGS, 2).z(rows))


def test_constant_features_do_not_raise():
    """A window of equal rows is fitted, and its own rows are not anomalous."""
    same = np.ones((500, len(FEATURES)), np.float32)
    model = fit(same, SETTINGS, 1)
    assert (model.z(same) <= 1).all()


def test_contamination_moves_the_threshold():
    """With 10 % asked for, about so many ordinary rows are beyond it; unset, about one in a thousand."""
    rows, fresh = window(4_000), window(4_000)
    asked = fit(rows, replace(SETTINGS, contamination=10.0), 1).z(fresh)
    plain = fit(rows, SETTINGS, 1).z(fresh)
    assert 0.05 < (asked > 1).mean() < 0.15
    assert (plain > 1).mean() < 0.02


def test_the_long_memory_speaks_where_the_window_has_forgotten():
    """What has become usual in the window is odd all the same if it was never so before; the model says the larger."""
    before, now = window(2_000), window(2_000)
    now[:, INDEX["new_hosts_60s"]] += 5.0
    older = forest_of(before, replace(SETTINGS, seed=99), 1)
    both, alone = fit(now, SETTINGS, 1, older=older), fit(now, SETTINGS, 1)
    assert (both.z(now) >= alone.z(now)).all()
    assert both.z(now).mean() > alone.z(now).mean()
    assert both.record.older_rows == 2_000
    assert alone.record.older_rows == 0


def test_too_few_rows_are_refused():
    """The caller must not ask."""
    with pytest.raises(ValueError, match="too few"):
        fit(window(LEAST_ROWS - 1), SETTINGS, 1)


def test_out_of_range_counts_features_beyond_the_reference():
    """A feature that was always zero counts as soon as it is clearly not, others beyond twice their reach."""
    rows = window()
    silent = INDEX["dns_missing_60s"]
    rows[:, silent] = 0.0
    reference = fit(rows, SETTINGS, 1).reference
    probe = np.median(rows, axis=0, keepdims=True).repeat(3, axis=0).astype(np.float32)
    probe[1, silent] = np.log1p(3.0)
    probe[2, silent] = np.log1p(3.0)
    probe[2, INDEX["new_ports_60s"]] = 50.0
    assert reference.out_of_range(probe).tolist() == [0, 1, 2]
    assert (reference.out_of_range(rows) >= 2).mean() < 0.01


def test_no_rows_no_scores():
    """An empty batch is scored, too."""
    assert len(fit(window(), SETTINGS, 1).z(np.empty((0, len(FEATURES)), np.float32))) == 0
