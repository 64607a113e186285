"""`trafficdesk train FILE… -o MODEL`: learn what labelled packets look like, or which application speaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trafficdesk.cli.exit_codes import Exit, complain
from trafficdesk.cli.observed import each_observed
from trafficdesk.cli.terminal import Progress, say, visible
from trafficdesk.errors import BadLabels, ExportError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from trafficdesk.classify.classifier import Classifier
    from trafficdesk.classify.examples import Examples
    from trafficdesk.classify.label_file import LabelFile
    from trafficdesk.classify.report import TrainingReport
    from trafficdesk.errors import BadCaptureFile

_BESIDE: Final = (".packets.csv", ".labels.csv")
"""Where a capture's labels are looked for when none are named."""
_MIXED_UP: Final = 5


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if arguments.picture and not is_picture(arguments.picture):
        return Exit.USAGE
    faults: list[BadCaptureFile] = []
    by_label = arguments.by == "label"
    gather = _labelled if by_label else _conversations
    examples, notes = gather(arguments, faults)
    model = _trained(examples, notes, by_label=by_label, seed=arguments.seed)
    _write(arguments, model)
    for fault in faults:
        complain(fault)
    return Exit.UNREADABLE if faults else Exit.DONE


def is_picture(path: str) -> bool:
    """Whether a picture can be written as this kind of file, before the work is done; says so if not."""
    from trafficdesk.report.confusion import PICTURES

    if Path(path).suffix.lower() in PICTURES:
        return True
    kinds = " or ".join(PICTURES)
    complain(ExportError(f"A picture can't be written to {path}.", f"Name a file ending in {kinds}."))
    return False


def labels_for(files: list[str], given: list[str]) -> list[LabelFile]:
    """Labels of each capture: one file for all, one for each, or those that lie beside them.

    Raises
    ------
    BadLabels
        If a capture has none, or there are more or fewer files of labels than captures.
    """
    from trafficdesk.classify.label_file import read_labels

    if len(given) == 1:
        return [read_labels(given[0], name) for name in files]
    if given and len(given) != len(files):
        raise BadLabels(
            f"There are {len(given)} files of labels for {len(files)} captures.",
            "Name one for all, or one for each in the same order.",
        )
    paths = [Path(name) for name in given] or [_beside(name) for name in files]
    return [read_labels(path, name) for path, name in zip(paths, files, strict=True)]


def report_lines(report: TrainingReport) -> Iterator[str]:
    """What a person reads."""
    yield f"{'':<24}{report.held_out:>14}{'rows':>8}{'tested':>8}{'precision':>11}{'recall':>8}{'F1':>7}"
    for one in report.classes:
        shares = "".join(
            f"{'-' if share is None else f'{share:.3f}':>{width}}"
            for share, width in ((one.precision, 11), (one.recall, 8), (one.f1, 7))
        )
        yield f"{visible(one.name)[:23]:<24}{one.groups:>14,}{one.rows:>8,}{one.tested:>8,}{shares}"
    if report.accuracy is not None and report.macro_f1 is not None and report.names_tested:
        yield (
            f"{report.accuracy:.1%} of {report.tested:,} rows right, mean F1 {report.macro_f1:.3f}, each row by a forest "
            f"that was not shown its {report.held_out.removesuffix('s')} ({report.folds} folds)"
        )
    for true, said, rows in _mixed_up(report):
        yield f"  {rows:,} rows of {visible(true)} were called {visible(said)}"
    yield from map(visible, report.notes)


def _labelled(arguments: argparse.Namespace, faults: list[BadCaptureFile]) -> tuple[Examples, list[str]]:
    from trafficdesk.classify.examples import Collector

    labels = labels_for(arguments.files, arguments.labels)
    collector, present = Collector(arguments.seed), -1
    for number, one in each_observed(arguments.files, "reading", faults):
        if number != present:
            present = number
            collector.begin_capture()
        told = labels[number].told(one.batch, one.batch.first_id + 1)
        seconds = one.observation.rows.seconds
        collector.add(one.observation.values, seconds, told.name, told.event, labels[number].names)
    return collector.examples(), []


def _conversations(arguments: argparse.Namespace, faults: list[BadCaptureFile]) -> tuple[Examples, list[str]]:
    from trafficdesk.classify.conversations import ConversationCollector
    from trafficdesk.classify.training import by_capture

    collector, present = ConversationCollector(arguments.seed), -1
    for number, one in each_observed(arguments.files, "reading", faults):
        if number != present:
            present = number
            collector.begin_capture()
        collector.add(one.batch, one.observation)
    examples = collector.examples()
    notes = by_capture(examples, collector.examples(by_capture=True).groups, seed=arguments.seed)
    return examples, [notes] if notes else []


def _trained(examples: Examples, notes: list[str], *, by_label: bool, seed: int) -> Classifier:
    from trafficdesk.classify.classifier import Kind
    from trafficdesk.classify.training import train

    with Progress("learning") as bar:
        kind = Kind.LABEL if by_label else Kind.PROTOCOL
        return train(examples, kind, seed=seed, progress=bar.show, notes=notes)


def _write(arguments: argparse.Namespace, model: Classifier) -> None:
    from trafficdesk.classify.model_file import packed
    from trafficdesk.export.atomic import atomic_file

    with atomic_file(arguments.output) as out:
        out.write(packed(model))
    if arguments.picture:
        from trafficdesk.report.confusion import picture_of

        with atomic_file(arguments.picture) as out:
            out.write(picture_of(model.report, Path(arguments.picture).suffix.lower()))
    if arguments.json:
        said = {"kind": model.kind.value, "seed": model.seed, "features": list(model.features)}
        report = {**said, **model.report.as_json()}
        with atomic_file(arguments.json) as out:
            out.write(json.dumps(report, ensure_ascii=False, indent=1).encode() + b"\n")
    if "-" not in {arguments.json, arguments.output}:
        for line in report_lines(model.report):
            say(line)
        say(f"{len(model.features)} features; written to {arguments.output}")


def _beside(name: str) -> Path:
    for ending in _BESIDE:
        path = Path(name + ending)
        if path.is_file():
            return path
    raise BadLabels(
        f"There are no labels for {name}.", f"Name them with --labels, or put {name}.labels.csv there."
    )


def _mixed_up(report: TrainingReport) -> list[tuple[str, str, int]]:
    """What was taken for something else most often."""
    wrong = [
        (report.classes[true].name, report.classes[said].name, rows)
        for true, counts in enumerate(report.confusion)
        for said, rows in enumerate(counts)
        if rows and true != said
    ]
    return sorted(wrong, key=lambda one: -one[2])[:_MIXED_UP]
