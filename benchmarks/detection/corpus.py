"""Captures and their labels as whole batches."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import Conversations, decode
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import COLUMN_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ATTACK, BENIGN, AMBIGUOUS = 1, 0, -1
_LABELS = {"attack": ATTACK, "benign": BENIGN}
_NO_INCIDENT = ("bad_misconf", "bad_misconf_duplication", "good_ssh (negative)")
"""Rows of the incident list that are mistakes of administrators, or nothing."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One incident as the authors of the capture tell it."""

    family: str
    """In the corpus' words, as `portscan_tcp`."""
    start_ns: int
    end_ns: int
    confidence: str
    visible: bool


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A capture whose rows are known."""

    name: str
    batch: PacketBatch
    label: NDArray[np.int8]
    """(rows,) `ATTACK`, `BENIGN` or `AMBIGUOUS`."""
    truths: tuple[Truth, ...] = ()

    @property
    def attack(self) -> NDArray[np.bool_]:
        return self.label == ATTACK

    @property
    def benign(self) -> NDArray[np.bool_]:
        return self.label == BENIGN


def read(path: Path) -> PacketBatch:
    """Every packet of a capture, decoded as `analyze` does."""
    conversations = Conversations()
    with CaptureFile(path) as capture:
        return joined([conversations.follow(decode(block)) for block in capture.blocks()])


def joined(batches: Sequence[PacketBatch]) -> PacketBatch:
    """Batches end to end, numbered from 0; their texts stay theirs."""
    if not batches:
        return PacketBatch.empty()
    columns = {name: np.concatenate([batch[name] for batch in batches]) for name in COLUMN_NAMES}
    lengths = np.cumsum([0, *(len(batch.text) for batch in batches[:-1])])
    columns["text_start"] = columns["text_start"] + np.repeat(lengths, [len(batch) for batch in batches])
    return PacketBatch(0, columns, np.concatenate([batch.text for batch in batches]))


def labelled(captures: Path, name: str) -> Labelled:
    """A capture of `labelled/` with its labels and incidents."""
    path = captures / "labelled" / name
    batch = read(path)
    labels = _labels_of(captures, path)[: len(batch)]
    label = np.full(len(batch), AMBIGUOUS, np.int8)
    label[: len(labels)] = [_LABELS.get(one, AMBIGUOUS) for one in labels]
    return Labelled(name, batch, label, truths_of(captures, name))


def truths_of(captures: Path, name: str) -> tuple[Truth, ...]:
    """Incidents of one capture of `labelled/`."""
    with (captures / "labelled" / "INCIDENTS.csv").open(newline="") as stream:
        return tuple(
            Truth(
                item["family"],
                int(float(item["start_epoch"]) * 1e9),
                int(float(item["end_epoch"]) * 1e9),
                item["confidence"],
                item["visible_at_tap"] == "yes",
            )
            for item in csv.DictReader(stream)
            if item["capture"] == name and item["family"] not in _NO_INCIDENT
        )


def attack_only(captures: Path) -> list[str]:
    """Names of the labelled captures that are spliced: all but those long enough to be judged by themselves."""
    with (captures / "labelled" / "INCIDENTS.csv").open(newline="") as stream:
        names = {item["capture"] for item in csv.DictReader(stream)}
    return sorted(name for name in names if not name.startswith(("westermo/", "modbus_lemay/")))


def _labels_of(captures: Path, path: Path) -> list[str]:
    """Label of every frame; rules are resolved by the corpus' own program and tshark, once per machine."""
    table = path.with_name(path.name + ".labels.csv")
    if table.open().readline().startswith("kind"):
        key = hashlib.sha256(table.read_bytes() + path.read_bytes()).hexdigest()[:24]
        cached = Path(tempfile.gettempdir()) / "trafficdesk-bench-labels" / f"{key}.csv"
        if not cached.exists():
            cached.parent.mkdir(exist_ok=True)
            fresh = cached.with_suffix(".part")
            command = [sys.executable, str(captures / "apply_labels.py"), str(path), str(table), str(fresh)]
            subprocess.run(command, check=True, capture_output=True, timeout=600)
            fresh.rename(cached)
        table = cached
    with table.open(newline="") as stream:
        return [item["label"] for item in csv.DictReader(stream)]
