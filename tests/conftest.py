"""What every test shares: a home of its own, and where the real captures lie when there are some."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication

    from tests.helpers.analysed import Analysed
    from tests.helpers.patient import PatientBot

# No test asserts a time: a busy machine is not a fault. Every run makes the same examples; what is new fuzzing finds.
settings.register_profile(
    "trafficdesk", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("trafficdesk")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run that a shell started in the background ignores Ctrl-C, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
SHARED_CAPTURES = ROOT.parent / "shared" / "captures"


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings, data or logs of whoever runs it."""
    monkeypatch.setenv("TRAFFICDESK_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A log file that a test opened is that test's."""
    logger = logging.getLogger("trafficdesk")
    before = list(logger.handlers)
    yield
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)
        handler.close()


@pytest.fixture(autouse=True)
def _patient_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person waits five seconds for the history to be closed, a test on a busy machine as long as it takes."""
    if (writer := sys.modules.get("trafficdesk.store.writer")) is not None:
        monkeypatch.setattr(writer.HistoryWriter.close, "__defaults__", (60.0,))


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    """pytest-qt's, with more patience."""
    from tests.helpers.patient import PatientBot

    return PatientBot(request)


@pytest.fixture(scope="session")
def analysed_sample() -> Iterator[Analysed]:
    """The bundled sample, analysed; whoever asks the session's detector gets an answer."""
    from tests.helpers.analysed import analysed

    made = analysed()
    yield made
    made.close()


@pytest.fixture
def shared_captures() -> Path:
    """Real captures with ground truth; not part of the project."""
    if not SHARED_CAPTURES.is_dir():
        pytest.skip("the real captures are not beside this checkout")
    return SHARED_CAPTURES
