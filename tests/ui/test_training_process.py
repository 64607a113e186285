"""Training from files runs as the program's own command, and what it says comes back."""

from __future__ import annotations

import csv

import pytest

from trafficdesk.capture.synthetic import generate
from trafficdesk.classify.model_file import load
from trafficdesk.paths import sample_capture
from trafficdesk.ui.workers.training_process import TrainingProcess

WAIT_MS = 120_000


@pytest.fixture
def training(qtbot):
    process = TrainingProcess()
    yield process
    process.stop()


def test_a_model_and_its_report_come_back(training, qtbot, tmp_path):
    """The report that is told is that of the model's file."""
    sample = generate()
    labels = tmp_path / "--labels.csv"
    with labels.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["index", "label", "family"])
        for number, incident in enumerate(sample.incidents, start=1):
            family = sample.truths[incident - 1].family if incident else ""
            out.writerow([number, "attack" if incident else "benign", family])
    path = tmp_path / "m.tdmodel"
    with qtbot.waitSignal(training.trained, timeout=WAIT_MS) as told:
        training.train([sample_capture()], [labels], path, by_protocol=False)
        assert training.running
    assert told.args == [load(path).report]
    assert not training.running


def test_a_failure_is_told_with_its_remedy(training, qtbot, tmp_path):
    """The sentence of the command line, cause and remedy apart; a file called like an option is a file."""
    with qtbot.waitSignal(training.failed, timeout=WAIT_MS) as told:
        training.train([tmp_path / "--seed"], [], tmp_path / "m", by_protocol=False)
    (error,) = told.args
    assert "There are no labels for" in error.title
    assert "--labels" in error.hint


def test_a_training_given_up_tells_nothing(training, qtbot, tmp_path):
    """Stopped, its process is gone and no signal comes."""
    with qtbot.assertNotEmitted(training.trained), qtbot.assertNotEmitted(training.failed):
        training.train([sample_capture()], [], tmp_path / "m", by_protocol=True)
        training.stop()
        assert not training.running
    assert not (tmp_path / "m").exists()
