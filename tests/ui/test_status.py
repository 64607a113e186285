"""`ui.panels.status`: numbers with units, and losses only where there are some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.coverage import Coverage
from trafficdesk.ui.panels.status import StatusBar, StatusReport
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_every_number_has_its_words(qtbot: QtBot) -> None:
    """Counters with thousands separators, rate with units, the model's age, memory."""
    bar = StatusBar(LIGHT)
    qtbot.addWidget(bar)
    bar.show_report(
        StatusReport("Capturing", source="eth0", packets=18_204, shown=17_950, flagged=31, bytes_per_s=1.8e6,
                     packets_per_s=2_140, model_age_s=12, memory_mb=214.4)
    )  # fmt: skip
    said = {
        name: bar.text(name) for name in ("state", "packets", "shown", "flagged", "rate", "model", "memory")
    }
    assert said == {
        "state": "Capturing · eth0",
        "packets": "Packets 18,204",
        "shown": "Shown 17,950",
        "flagged": "Flagged 31",
        "rate": "1.8 MB/s · 2,140 packets/s",
        "model": "Model 12 s old",
        "memory": "Memory 214 MB",
    }


def test_losses_are_said_by_place_and_only_when_there_are_some(qtbot: QtBot) -> None:
    """Nothing lost, nothing said; what the kernel and what we lost are told apart, and the lamp is amber."""
    bar = StatusBar(LIGHT)
    qtbot.addWidget(bar)
    bar.show_report(StatusReport("Capturing"))
    assert bar.text("dropped") == ""
    assert LIGHT.good in bar._lamp.styleSheet()
    bar.show_report(StatusReport("Capturing", lost=CaptureStatistics(0, 1_500, 2, 7)))
    assert bar.text("dropped") == "Dropped 1,500 kernel, 2 queue, 7 disk"
    assert LIGHT.unusual in bar._lamp.styleSheet()


def test_progress_and_lag(qtbot: QtBot) -> None:
    """A bar while something long runs; a lag only when it is one, and not twice."""
    bar = StatusBar(LIGHT)
    qtbot.addWidget(bar)
    bar.show_report(StatusReport("Analysing", pending=50_000, progress=0.42, progress_words="Analysed 42 %"))
    assert not bar._progress.isHidden()
    assert bar._progress.value() == 420
    assert bar.text("lag") == ""
    bar.show_report(StatusReport("Capturing", pending=50_000, unscored=7, coverage=Coverage(0.999, 0.999)))
    assert bar._progress.isHidden()
    assert bar.text("lag") == "Scored 99 %"
    bar.show_report(StatusReport("Capturing", pending=100))
    assert bar.text("lag") == ""


def test_waiting_for_an_interface_is_said_instead_of_capturing(qtbot: QtBot) -> None:
    """With its reason, control characters visible, and an amber lamp."""
    bar = StatusBar(LIGHT)
    qtbot.addWidget(bar)
    bar.show_report(
        StatusReport("Capturing", source="eth0", waiting_for="eth0\n: unplugged, next try in 4 s")
    )
    assert bar.text("state") == "Waiting for eth0\\n: unplugged, next try in 4 s"
    assert LIGHT.unusual in bar._lamp.styleSheet()
    bar.show_report(StatusReport("Capturing", source="eth0"))
    assert bar.text("state") == "Capturing · eth0"
    assert LIGHT.good in bar._lamp.styleSheet()


def test_learning_is_said_in_place_of_the_models_age(qtbot: QtBot) -> None:
    """Until a network is known, how far that is matters more."""
    bar = StatusBar(LIGHT)
    qtbot.addWidget(bar)
    bar.show_report(StatusReport("Capturing", model_age_s=12, learning="12 of 30 minutes"))
    assert bar.text("model") == "Learning 12 of 30 minutes"
    bar.show_report(StatusReport("Capturing", model_age_s=12))
    assert bar.text("model") == "Model 12 s old"
