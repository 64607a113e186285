"""The detector in its child process: same answers, no scikit-learn here, and a clear error when the child has gone."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.interrupted import spans_of, with_gaps
from tests.helpers.planted import ordinary
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.process import AnalysisProcess, AnalysisStopped
from trafficdesk.errors import TrafficDeskError
from trafficdesk.settings import DetectionSettings

SETTINGS = DetectionSettings(warm_up_rows=500, trees=25, samples=64, seed=2)


@pytest.fixture
def analysis():
    process = AnalysisProcess(SETTINGS)
    process.start()
    yield process
    process.stop()


def test_the_child_says_what_the_detector_says(analysis):
    """Scores, reasons and incidents cross the pipe unchanged; refit, settings and reset arrive."""
    batch = ordinary(40, seed=1).batch()
    inline = Detector(SETTINGS)
    for start in range(0, len(batch), 700):
        part = batch.slice(start, min(start + 700, len(batch) - 1))
        ours, theirs = inline.process(part), analysis.analyse(part)
        np.testing.assert_array_equal(theirs.score, ours.score)
        np.testing.assert_array_equal(theirs.reason_features, ours.reason_features)
        assert theirs.incidents == ours.incidents
    before = analysis.analyse(batch.slice(len(batch) - 1, len(batch)))
    assert analysis.refit_now().model_id == before.model.model_id + 1
    analysis.set_settings(DetectionSettings(warm_up_rows=9_000))
    analysis.reset()
    assert analysis.analyse(batch.slice(0, 10)).model.needed == 9_000


@dataclass(frozen=True)
class _Known:
    """Which packets the detector remembers."""

    ids: tuple[int, ...]

    def answered(self, detector: Detector) -> list[int]:
        return detector.memory.rows_of(np.array(self.ids)).ids.tolist()


def test_the_child_answers_questions(analysis):
    """A question crosses the pipe, is answered by the detector there, and the answer comes back."""
    analysis.analyse(ordinary(5, seed=1).batch())
    assert analysis.ask(_Known((3, 10_000_000))) == [3]


def test_gaps_cross_the_pipe(analysis):
    """Told of a gap, the child reads the clock and the hosts as the detector does; untold it would not."""
    gaps = [(30.0, 90.0)]
    batch = with_gaps(150, gaps, seed=1).batch()
    inline, untold = Detector(SETTINGS), Detector(SETTINGS)
    inline.tell_gaps(spans_of(gaps))
    analysis.tell_gaps(tuple(spans_of(gaps)))
    theirs = [analysis.analyse(batch.slice(at, at + 700)) for at in range(0, len(batch) - 700, 700)]
    for number, answer in enumerate(theirs):
        ours = inline.process(batch.slice(number * 700, number * 700 + 700))
        np.testing.assert_array_equal(answer.score, ours.score)
        np.testing.assert_array_equal(answer.verdict, ours.verdict)
    other = [untold.process(batch.slice(at, at + 700)) for at in range(0, len(batch) - 700, 700)]
    assert any((one.verdict != two.verdict).any() for one, two in zip(theirs, other, strict=True))


def test_a_killed_child_is_a_clear_error(analysis):
    """Not a hang, not a bare EOFError: what happened and what to do; and a new start works."""
    batch = ordinary(2).batch()
    analysis.analyse(batch)
    os.kill(analysis._process.pid, signal.SIGKILL)
    with pytest.raises(AnalysisStopped) as caught:
        analysis.analyse(batch)
    assert isinstance(caught.value, TrafficDeskError)
    assert caught.value.title
    assert caught.value.hint
    analysis.stop()
    analysis.start()
    assert len(analysis.analyse(batch)) == len(batch)


def waiting_for(analysis, batch):
    """A thread that analyses `batch` until the analysis is stopped, and what ended it then."""
    caught: list[BaseException] = []

    def analyse():
        try:
            while True:
                analysis.analyse(batch)
        except AnalysisStopped as error:
            caught.append(error)

    thread = threading.Thread(target=analyse)
    thread.start()
    return thread, caught


def test_stopping_wakes_whoever_waits(analysis):
    """A stop from another thread ends a step in flight with the same clear error, and may be repeated."""
    batch = ordinary(150, per_second=20).batch()
    thread, caught = waiting_for(analysis, batch)
    time.sleep(0.3)
    analysis.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert len(caught) == 1
    analysis.stop()
    assert not analysis.running
    with pytest.raises(AnalysisStopped):
        analysis.analyse(batch)


def test_killing_wakes_whoever_waits(analysis):
    """From another thread, at any moment, also when there is nothing to kill; a step in flight is a clear error."""
    batch = ordinary(150, per_second=20).batch()
    AnalysisProcess(SETTINGS).kill()
    thread, caught = waiting_for(analysis, batch)
    time.sleep(0.3)
    analysis.kill()
    thread.join(60)
    assert len(caught) == 1
    analysis.stop()
    analysis.kill()
    assert not analysis.running


def test_a_fault_in_the_child_is_reported_with_its_cause(analysis):
    """A batch the detector cannot take gives the error's name here, and the child lives on."""
    with pytest.raises(AnalysisStopped, match="AttributeError"):
        analysis._ask(next(iter(type(analysis)._ask.__globals__["_Request"])), "no batch")
    assert len(analysis.analyse(ordinary(2).batch())) > 0


CHILD = """
import os, sys, time
from trafficdesk.detect.process import AnalysisProcess
from trafficdesk.settings import DetectionSettings
if __name__ == "__main__":
    process = AnalysisProcess(DetectionSettings())
    process.start()
    process.reset()
    print(process._process.pid, "sklearn" in sys.modules, flush=True)
    os._exit(1)
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks processes up in /proc")
def test_the_child_ends_when_the_parent_dies(tmp_path):
    """Even when the parent leaves without a word, no process stays behind; the parent never loads scikit-learn."""
    script = tmp_path / "parent.py"
    script.write_text(CHILD)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=240, check=False
    )
    pid, loaded = done.stdout.split()
    assert loaded == "False"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and _alive(int(pid)):
        time.sleep(0.05)
    assert not _alive(int(pid))


def _alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_a_child_that_cannot_start_leaves_nothing_to_end(monkeypatch):
    """Where the system lets no process start, the reason is said, and stopping afterwards is no fault of its own."""
    process = AnalysisProcess(SETTINGS)

    def refuse(_process):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    with pytest.raises(AnalysisStopped, match="Resource temporarily unavailable"):
        process.start()
    assert not process.running
    process.stop()
