"""The dialog that trains a classifier: what it asks for, what it shows, and that nothing foreign is rendered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from tests.helpers.examples import a_model, clouds
from trafficdesk.classify.classifier import NORMAL, Kind
from trafficdesk.classify.report import report_of
from trafficdesk.classify.training import train
from trafficdesk.errors import TrafficDeskError
from trafficdesk.ui import theme
from trafficdesk.ui.dialogs.train_classifier import APPLICATIONS, FROM_FILE, MINE, TrainClassifierDialog
from trafficdesk.ui.panels.training_report import ConfusionView, TrainingReportView, verdict_of


@pytest.fixture
def make(qtbot):
    def dialog(labelled="", in_use=None):
        one = TrainClassifierDialog(labelled, in_use or {}, theme.LIGHT)
        qtbot.addWidget(one)
        one.show()
        return one

    return dialog


def texts(widget):
    return [label.text() for label in widget.findChildren(QLabel)]


def test_without_labels_files_are_asked_for(make):
    """Nothing labelled: files; and no training before captures are chosen."""
    dialog = make()
    assert dialog.chosen == FROM_FILE
    assert not dialog.choices.button(MINE).isEnabled()
    assert dialog.choose_labels.isVisible()
    assert not dialog.train.isEnabled()
    dialog.set_files((Path("a.pcap"), Path("b.pcap")))
    assert dialog.train.isEnabled()
    assert dialog.files.whole() == "a.pcap, b.pcap"


def test_what_was_labelled_comes_first(make, qtbot):
    """With labels they are what is learned from, and no file is asked for."""
    dialog = make("backup (2)")
    assert dialog.chosen == MINE
    assert not dialog.choose_files.isVisible()
    with qtbot.waitSignal(dialog.wanted) as asked:
        dialog.train.click()
    assert asked.args == [MINE, (), ()]
    assert dialog.bar.isVisible()
    assert not dialog.train.isEnabled()


def test_chosen_files_are_passed_on(make, qtbot, monkeypatch):
    """Captures and labels as chosen; for applications labels are not wanted."""
    dialog = make()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["/x/a.pcap"], ""))
    dialog.choose_files.click()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["/x/a.csv"], ""))
    dialog.choose_labels.click()
    with qtbot.waitSignal(dialog.wanted) as asked:
        dialog.train.click()
    assert asked.args == [FROM_FILE, (Path("/x/a.pcap"),), (Path("/x/a.csv"),)]
    dialog.show_error(TrafficDeskError("No.", "Again."))
    dialog.choices.button(APPLICATIONS).click()
    assert not dialog.choose_labels.isVisible()
    with qtbot.waitSignal(dialog.wanted) as asked:
        dialog.train.click()
    assert asked.args == [APPLICATIONS, (Path("/x/a.pcap"),), ()]


def test_a_report_is_shown_and_may_be_used(make, qtbot, monkeypatch, tmp_path):
    """Every class with its numbers; then the model can be used and its picture saved."""
    dialog = make("scan (4)")
    dialog.train.click()
    dialog.show_report(a_model().report)
    assert not dialog.bar.isVisible()
    shown = texts(dialog.report)
    for one in a_model().report.classes:
        assert one.name in shown
        assert f"{one.recall:.2f}" in shown
    with qtbot.waitSignal(dialog.use_wanted):
        dialog.use.click()
    dialog.show_used()
    assert not dialog.use.isEnabled()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "c.png"), ""))
    with qtbot.waitSignal(dialog.picture_wanted) as asked:
        dialog.save.click()
    assert asked.args == [tmp_path / "c.png"]


def test_a_failure_is_a_sentence(make):
    """Cause and remedy stand in the dialog, and one may try again."""
    dialog = make("scan (1)")
    dialog.train.click()
    dialog.show_error(TrafficDeskError("There is too little.", "Label more."))
    assert dialog.complaint.text() == "There is too little. Label more."
    assert dialog.complaint.isVisible()
    assert dialog.train.isEnabled()


def test_what_is_in_use_can_be_laid_down(make, qtbot):
    """A line for each kind that is in use."""
    dialog = make("", {"label": "what was labelled", "protocol": "applications"})
    buttons = [one for one in dialog.findChildren(QPushButton) if one.text() == "Stop using it"]
    with qtbot.waitSignal(dialog.forget_wanted) as asked:
        buttons[1].click()
    assert asked.args == ["protocol"]
    assert not buttons[1].isEnabled()


def test_names_of_others_are_plain_text(qtbot):
    """A class called like markup, or with characters that steer, is shown as what it is."""
    names = ("<b>bold</b>", "a\u202eb\n")
    report = report_of(
        names, np.array([[5, 1], [2, 7]]), groups=[2, 2], rows=[6, 9], folds=2, held_out="incidents",
        notes=["<i>note</i>"],
    )  # fmt: skip
    view = TrainingReportView(theme.DARK)
    qtbot.addWidget(view)
    view.show_report(report)
    view.show()
    labels = view.findChildren(QLabel)
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
    assert "<b>bold</b>" in texts(view)
    assert not any("\u202e" in text or "\n" in text for text in texts(view))


def test_the_matrix_is_painted(qtbot):
    """The diagonal has one colour, what was mixed up the other, and the size grows with the classes."""
    view = ConfusionView(theme.LIGHT)
    qtbot.addWidget(view)
    view.show_report(a_model().report)
    view.adjustSize()
    picture = view.grab().toImage()
    colours = {
        picture.pixelColor(x, y).name()
        for x in range(0, picture.width(), 3)
        for y in range(0, picture.height(), 3)
    }
    assert len(colours) > 3
    small = view.sizeHint()
    view.show_report(train(clouds(NORMAL, "a", "b", "c", "d"), Kind.LABEL, seed=1).report)
    assert view.sizeHint().width() > small.width()


def test_the_verdict_is_one_sentence():
    """Share, rows and what was held out; where nothing could be tested it says so."""
    assert "had not been shown its incident" in verdict_of(a_model().report)
    none = report_of(
        ("a", "b"), np.zeros((2, 2), int), groups=[1, 1], rows=[9, 9], folds=0, held_out="incidents"
    )
    assert "could not be tested" in verdict_of(none)
    alone = report_of(
        (NORMAL, "scan"),
        np.array([[9, 1], [0, 0]]),
        groups=[3, 1],
        rows=[10, 50],
        folds=3,
        held_out="incidents",
    )
    assert verdict_of(alone).startswith("Only normal packets could be tested")
