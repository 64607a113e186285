"""`trafficdesk classify FILE… --model MODEL`: what packets look like to a classifier, and how right it is."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from trafficdesk.cli.exit_codes import Exit, complain
from trafficdesk.cli.observed import each_observed
from trafficdesk.cli.terminal import say, visible
from trafficdesk.cli.train import is_picture, labels_for, report_lines

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

    from trafficdesk.classify.classifier import Classifier
    from trafficdesk.classify.label_file import LabelFile
    from trafficdesk.classify.report import TrainingReport
    from trafficdesk.cli.observed import Observed
    from trafficdesk.errors import BadCaptureFile
    from trafficdesk.packets.batch import PacketBatch


class Classification:
    """Rows through a classifier, counted, written and compared as they come.

    Parameters
    ----------
    rows_out : where rows are written; None = nowhere.
    labels : of each capture, to compare with; of a classifier of applications the decoder's names are compared.
    """

    def __init__(self, model: Classifier, rows_out: IO[bytes] | None, labels: list[LabelFile]) -> None:
        from trafficdesk.classify.classifier import Kind
        from trafficdesk.detect.lookalikes import ApplicationTracker

        self.rows = 0
        self.counts: Counter[str] = Counter()
        self._model = model
        self._by_label = model.kind is Kind.LABEL
        self._rows_out = rows_out
        self._labels = labels
        self._known = {name: at for at, name in enumerate(model.classes)}
        size = len(model.classes)
        self._confusion = np.zeros((size, size), np.int64)
        self._unknown: Counter[str] = Counter()
        self._present = -1
        self._first_row = 0
        self._applications = ApplicationTracker()

    def feed(self, capture: int, one: Observed) -> None:
        """The next batch of a capture."""
        from trafficdesk.detect.lookalikes import ApplicationTracker
        from trafficdesk.export.packets_csv import rows_bytes

        if capture != self._present:
            self._present, self._first_row = capture, self.rows
            self._applications = ApplicationTracker()
        self.rows += len(one.batch)
        if self._by_label:
            number, likeness = self._model.say(one.observation.values)
        else:
            number, likeness, _ = self._applications.judge(self._model, one.batch, one.observation)
        for at, count in zip(*np.unique(number, return_counts=True), strict=True):
            if at >= 0:
                self.counts[self._model.classes[at]] += int(count)
        self._compare(capture, one, number)
        if self._rows_out is not None:
            more = _cells(self._model.classes, number, likeness)
            for part in rows_bytes(one.batch, self._first_row + one.batch.ids + 1, more=more):
                self._rows_out.write(part)

    def report(self) -> TrainingReport | None:
        """How right it was; None where nothing was known to compare with."""
        from trafficdesk.classify.report import report_of

        if not self._confusion.any():
            return None
        names = self._model.classes
        notes = [
            f"{rows:,} rows of {name}, which it does not know."
            for name, rows in self._unknown.most_common(10)
        ]
        trained = self._model.report.classes
        return report_of(
            names,
            self._confusion,
            groups=[one.groups for one in trained],
            rows=[one.rows for one in trained],
            folds=0,
            held_out=self._model.report.held_out,
            notes=notes,
        )

    def _compare(self, capture: int, one: Observed, number: NDArray[np.int16]) -> None:
        from trafficdesk.classify.classifier import NORMAL

        said = number.astype(np.int64)
        if self._by_label:
            if not self._labels:
                return
            told = self._labels[capture].told(one.batch, one.batch.first_id + 1)
            names, true = self._labels[capture].names, told.name.astype(np.int64)
            said = np.where(said < 0, self._known.get(NORMAL, -1), said)
        else:
            names, true = _protocols(one.batch)
        for at, name in enumerate(names):
            mine = true == at
            if name in self._known:
                np.add.at(self._confusion[self._known[name]], said[mine & (said >= 0)], 1)
            elif mine.any() and self._by_label:
                self._unknown[name] += int(mine.sum())


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from trafficdesk.classify.model_file import load

    if arguments.picture and not is_picture(arguments.picture):
        return Exit.USAGE
    model = load(arguments.model)
    labels = labels_for(arguments.files, arguments.labels) if arguments.labels else []
    faults: list[BadCaptureFile] = []
    with ExitStack() as stack:
        out = None
        if arguments.csv:
            from trafficdesk.export.atomic import atomic_file
            from trafficdesk.export.packets_csv import PACKET_COLUMNS

            out = stack.enter_context(atomic_file(arguments.csv))
            out.write(",".join((*PACKET_COLUMNS, "looks_like", "likeness")).encode() + b"\n")
        done = Classification(model, out, labels)
        for capture, one in each_observed(arguments.files, "classifying", faults):
            done.feed(capture, one)
    _write(arguments, done, done.report(), model)
    for fault in faults:
        complain(fault)
    return Exit.UNREADABLE if faults else Exit.DONE


def _write(
    arguments: argparse.Namespace, done: Classification, report: TrainingReport | None, model: Classifier
) -> None:
    from trafficdesk.export.atomic import atomic_file

    if arguments.picture and report is not None:
        from trafficdesk.report.confusion import picture_of

        with atomic_file(arguments.picture) as out:
            out.write(picture_of(report, Path(arguments.picture).suffix.lower()))
    if arguments.json:
        said: dict[str, Any] = {
            "kind": model.kind.value,
            "packets": done.rows,
            "looks_like": dict(done.counts.most_common()),
            "compared": report.as_json() if report is not None else None,
        }
        with atomic_file(arguments.json) as out:
            out.write(json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n")
    if "-" in {arguments.json, arguments.csv}:
        return
    words = "look like" if model.kind.value == "label" else "behave like"
    say(f"{done.rows:,} packets; {sum(done.counts.values()):,} {words} something the model knows")
    for name, count in done.counts.most_common():
        say(f"  {count:>12,} {visible(name)}")
    if report is not None:
        say("compared with what is known of these packets:")
        for line in report_lines(report):
            say(line)


def _protocols(batch: PacketBatch) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names that the decoder gave, and (rows,) index of each row's."""
    from trafficdesk.packets.protocol import protocol_name

    numbers, rows = np.unique(batch["protocol"], return_inverse=True)
    return tuple(map(protocol_name, numbers.tolist())), rows.reshape(-1)


def _cells(
    classes: tuple[str, ...], number: NDArray[np.int16], likeness: NDArray[np.float32]
) -> tuple[NDArray[np.bytes_], NDArray[np.bytes_]]:
    """(rows,) what each row looks like, and how much; both empty where nothing is said."""
    names = np.array([b"", *(name.encode("utf-8", "backslashreplace") for name in classes)], np.bytes_)
    shares = np.array([b"", *(f"{share / 100:.2f}".encode() for share in range(101))], np.bytes_)
    percent = np.where(number >= 0, np.round(100 * likeness) + 1, 0).astype(np.int64)
    return names[number.astype(np.int64) + 1], shares[percent]
