"""Is the classifier right? Each incident is named by a forest that was shown all the others, never its own.

The peer is the same forest on what comes to mind first (ports, protocol, length, flags of the packet alone), on the same
rows. Applications are named by held-out conversations, and by held-out captures.

    python -m benchmarks.classify [--captures FOLDER] [--seed N]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from trafficdesk.classify.classifier import NORMAL, Kind
from trafficdesk.classify.conversations import ConversationCollector
from trafficdesk.classify.examples import Collector, Examples
from trafficdesk.classify.label_file import read_labels
from trafficdesk.classify.training import (
    LEAST_CONVERSATIONS,
    LEAST_PER_LEAF,
    LEAST_ROWS,
    TREES,
    by_capture,
    train,
)
from trafficdesk.cli.observed import observed
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch

CAPTURES = Path("../shared/captures")
SUFFIXES = (".pcap", ".pcapng", ".cap")
PLAIN = ("ip_protocol", "source_port", "destination_port", "length", "tcp_flags", "message_type", "ttl")


def main() -> int:
    """Exit code: 0 our features name more rows right than the plain ones, 1 not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--captures", type=Path, default=CAPTURES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("incidents", "applications"), help="one of the two parts")
    chosen = parser.parse_args()
    if not chosen.captures.is_dir():
        print(f"{chosen.captures} is not there: nothing to learn from.")
        return 0
    better = True
    if chosen.only != "applications":
        print("One network, several incidents of each name:")
        better &= incidents(chosen.captures / "labelled" / "westermo", chosen.seed)
        print("Every labelled capture, most names on one or two networks only:")
        better &= incidents(chosen.captures / "labelled", chosen.seed)
    if chosen.only != "incidents":
        applications([chosen.captures / "decoder", chosen.captures / "benign"], chosen.seed)
    return 0 if better else 1


def incidents(folder: Path, seed: int) -> bool:
    """Every incident left out once; prints both forests' figures."""
    ours, plain = labelled(sorted(folder.rglob("*.labels.csv")), seed)
    begin = time.perf_counter()
    said, tested = leave_one_out(ours, seed)
    took = time.perf_counter() - begin
    peer, _ = leave_one_out(plain, seed)
    print(
        f"{len(ours):,} rows, {len(np.unique(ours.groups)):,} groups, {len(ours.names)} names; {took:.0f} s"
    )
    head = (
        f"{'':<24}{'incidents':>10}{'rows':>7}{'precision':>11}{'recall':>8}{'F1':>7}{'incidents named':>17}"
    )
    print(f"{head}   the plain forest's recall, F1")
    scores = []
    for number, name in enumerate(ours.names):
        mine, its = (score(ours.classes, one, number, tested) for one in (said, peer))
        if mine is None or its is None:
            print(
                f"{name:<24}{ours.groups_of(number):>10}{ours.rows_of(number):>7}   one incident: not tested"
            )
            continue
        scores.append((mine[2], its[2]))
        named, of = majority(ours, said, number)
        shares = "".join(f"{share:>{width}.3f}" for share, width in zip(mine, (11, 8, 7), strict=True))
        print(
            f"{name:<24}{ours.groups_of(number):>10}{ours.rows_of(number):>7}{shares}{f'{named} of {of}':>17}"
            f"   {its[1]:.3f}, {its[2]:.3f}"
        )
    right, peers = ((one == ours.classes)[tested].mean() for one in (said, peer))
    ours_f1, peers_f1 = np.mean(scores, axis=0)
    print(f"rows right: {right:.3f}, mean F1 {ours_f1:.3f}; plain {peers:.3f}, {peers_f1:.3f}")
    return bool(ours_f1 > peers_f1)


def labelled(paths: list[Path], seed: int) -> tuple[Examples, Examples]:
    """The same rows with our features, and with the plain ones."""
    both = [Collector(seed), Collector(seed)]
    for path in paths:
        capture = str(path).removesuffix(".labels.csv")
        labels = read_labels(path, capture)
        for collector in both:
            collector.begin_capture()
        try:
            for one in observed(capture, "reading"):
                told = labels.told(one.batch, one.batch.first_id + 1)
                seconds = one.observation.rows.seconds
                for collector, values in zip(
                    both, (one.observation.values, plain_of(one.batch)), strict=True
                ):
                    collector.add(values, seconds, told.name, told.event, labels.names)
        except BadCaptureFile as fault:
            print(f"{capture}: {fault}")
    ours, plain = (collector.examples() for collector in both)
    enough = [number for number in range(len(ours.names)) if ours.rows_of(number) >= LEAST_ROWS]
    kept = np.isin(ours.classes, enough)
    return ours.where(kept), plain.where(kept)


def plain_of(batch: PacketBatch) -> np.ndarray:
    """What a packet says by itself."""
    return np.stack([batch[name] for name in PLAIN], axis=1).astype(np.float32)


def leave_one_out(examples: Examples, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) what each row is called by a forest that saw nothing of its group, and whether that is a test.

    Normal rows are left out a fifth of their groups at a time.
    """
    said = np.full(len(examples), -1)
    normal = examples.names.index(NORMAL) if NORMAL in examples.names else -1
    several = [n for n in range(len(examples.names)) if examples.groups_of(n) > 1]
    parts = [
        np.isin(examples.groups, groups)
        for number in several
        for all_groups in (np.unique(examples.groups[examples.classes == number]),)
        for groups in ([all_groups[at::5] for at in range(5)] if number == normal else all_groups[:, None])
    ]
    for asked in parts:
        forest = RandomForestClassifier(
            TREES,
            min_samples_leaf=LEAST_PER_LEAF,
            class_weight="balanced_subsample",
            n_jobs=1,
            random_state=seed,
        ).fit(examples.values[~asked], examples.classes[~asked])
        said[asked] = forest.predict(examples.values[asked])
    return said, said >= 0


def score(
    truth: np.ndarray, said: np.ndarray, number: int, tested: np.ndarray
) -> tuple[float, float, float] | None:
    """Precision, recall and F1 of a class; None = not tested."""
    mine, called = tested & (truth == number), tested & (said == number)
    if not mine.any():
        return None
    right = int((mine & called).sum())
    precision, recall = right / max(int(called.sum()), 1), right / int(mine.sum())
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def majority(examples: Examples, said: np.ndarray, number: int) -> tuple[int, int]:
    """Incidents of a class of which most rows were called right, and all of them."""
    groups = np.unique(examples.groups[examples.classes == number])
    shares = [(said[examples.groups == group] == number).mean() for group in groups]
    return int(np.sum(np.array(shares) > 0.5)), len(groups)


def applications(folders: list[Path], seed: int) -> None:
    """Conversations by the decoder's names."""
    collector = ConversationCollector(seed)
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES]
    for path in paths:
        collector.begin_capture()
        try:
            for one in observed(str(path), "reading"):
                collector.add(one.batch, one.observation)
        except BadCaptureFile:
            continue  # what comes before the fault counts
    examples = collector.examples()
    report = train(examples, Kind.PROTOCOL, seed=seed).report
    print(f"applications: {len(paths):,} captures, names with {LEAST_CONVERSATIONS} conversations or more")
    for one in report.classes:
        shares = "".join(
            f"{share or 0:>{width}.3f}"
            for share, width in ((one.precision, 11), (one.recall, 8), (one.f1, 7))
        )
        print(f"{one.name:<24}{one.groups:>10,}{one.rows:>7,}{shares}")
    print(
        f"By conversations held out: {report.accuracy:.1%} of {report.tested:,} rows, mean F1 {report.macro_f1:.3f}."
    )
    print(by_capture(examples, collector.examples(by_capture=True).groups, seed=seed))


if __name__ == "__main__":
    sys.exit(main())
