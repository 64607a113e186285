"""`ui.panels.why`, its chart and its choices: reasons, distribution, counterfactual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.helpers.explained import a_why, a_why_reason
from tests.helpers.incidents import a_reason
from trafficdesk.features import FEATURES, INDEX
from trafficdesk.ui.charts import DistributionChart
from trafficdesk.ui.panels.why import WhyPanel
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from trafficdesk.ui.theme import Tokens

HOSTILE = "<b>\u202egnp.exe\n"


@pytest.fixture
def panel(qtbot: QtBot) -> WhyPanel:
    made = WhyPanel(LIGHT)
    qtbot.addWidget(made)
    made.resize(320, 500)
    return made


def test_all_of_an_explanation_is_said(panel: WhyPanel) -> None:
    """Packet, state, reasons with what is usual, place, counterfactual."""
    panel.show_why(a_why())
    assert panel.isVisible()
    assert panel._title.whole() == "Why packet 1,204"
    assert panel._state.text().startswith("Port scan · score 3.4 · model 12")
    assert panel._choices[0].words == ("about 212 ports tried on one host in 60 s", "usually ≤ 6")
    assert [choice.isVisible() for choice in panel._choices] == [True, True, False]
    assert panel._what_if.text() == "Would be usual below 12."
    assert panel._place.text().startswith("Higher than all of 500 usual packets")


def test_words_that_name_whom_are_taken(panel: WhyPanel) -> None:
    """What the row's own reasons say stands there, hostile or not, as text."""
    words = a_reason(feature="pair_ports_60s", words=f"212 ports tried on {HOSTILE}; usually ≤ 6")
    panel.show_why(a_why(), (words,))
    said, usual = panel._choices[0].words
    assert "tried on <b>" in said
    assert said.isprintable()
    assert usual == "usually ≤ 6"


def test_another_reason_can_be_chosen_by_keyboard(qtbot: QtBot, panel: WhyPanel) -> None:
    """Down goes to the next one, whose chart and words are shown then."""
    second = a_why_reason("unanswered_60s", value=40.0, limit=9.0)
    panel.show_why(a_why(reasons=(a_why_reason(), second)))
    panel._choices[0].setFocus()
    qtbot.keyClick(panel._choices[0], Qt.Key.Key_Down)
    assert panel._choices[1].isChecked()
    assert panel._what_if.text() == "Would be usual below 9."
    assert panel._chart is not None
    assert panel._chart._reason is second
    panel.show_why(a_why())
    assert panel._choices[0].isChecked()


def test_without_a_reference_there_is_nothing_to_draw(panel: WhyPanel) -> None:
    """Rules only: no chart, but the floor."""
    panel.show_why(a_why())
    panel.show_why(a_why(reasons=(a_why_reason(sample=np.empty(0, np.float32), usual=float("nan")),)))
    assert panel._chart is not None
    assert not panel._chart.isVisible()
    assert panel._what_if.text() == "Would be usual below 12."


def test_it_closes(qtbot: QtBot, panel: WhyPanel) -> None:
    """The cross asks for it; cleared, it takes no room."""
    panel.show_why(a_why())
    with qtbot.waitSignal(panel.closed):
        panel._close.click()
    panel.clear()
    assert not panel.isVisible()
    assert panel.why is None


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_row_and_what_is_usual_are_lines_in_the_picture(qtbot: QtBot, tokens: Tokens) -> None:
    """Where the row lies far to the right of all bars, its line has the rule's colour, the bars the accent's."""
    chart = DistributionChart(tokens)
    qtbot.addWidget(chart)
    chart.resize(300, 108)
    chart.show()
    chart.show_reason(a_why_reason(), named=True)
    picture = chart.grab().toImage()
    colours = [
        {picture.pixelColor(x, y).name() for y in range(10, picture.height() - 40)}
        for x in range(picture.width())
    ]
    row = [x for x, column in enumerate(colours) if tokens.family in column]
    bars = [x for x, column in enumerate(colours) if tokens.accent in column]
    assert row
    assert bars
    assert min(row) > max(bars)
    assert chart.accessibleDescription() == (
        "this packet: 212, 99 % of what is usual: at most 6, usual from 12 on"
    )


@pytest.mark.parametrize(
    "feature", [feature for feature in FEATURES if feature.tellable], ids=lambda one: one.name
)
def test_every_feature_has_an_axis_in_its_unit(qtbot: QtBot, feature: object) -> None:
    """At least one label, ascending, whatever the scale and however far the row lies."""
    chart = DistributionChart(LIGHT)
    qtbot.addWidget(chart)
    chart.resize(300, 108)
    for value, limit in ((5_000.0, 20.0), (0.4, float("nan"))):
        sample = np.full(50, 1.0, np.float32)
        chart.show_reason(a_why_reason(feature.name, value=value, limit=limit, sample=sample), named=False)  # type: ignore[attr-defined]
        (labels,) = chart._values._tickLevels
        assert labels
        assert [place for place, _ in labels] == sorted(place for place, _ in labels)


def test_a_feature_that_never_changed_is_one_bar(qtbot: QtBot) -> None:
    """A count that was always 0: nothing divides by nothing."""
    chart = DistributionChart(LIGHT)
    qtbot.addWidget(chart)
    never = np.zeros(100, np.float32)
    chart.show_reason(a_why_reason(value=0.0, usual=0.0, limit=0.0, sample=never), named=False)
    heights = chart._bars.opts["height"]
    assert np.count_nonzero(heights) == 1
    assert INDEX["pair_ports_60s"] == chart._reason.feature  # type: ignore[union-attr]
