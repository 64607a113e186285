"""What a classifier is given from outside: files of models, and files of labels."""

from __future__ import annotations

import atexit
import functools
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.helpers.wire import CAPTURED, block_of
from trafficdesk.classify.classifier import Classifier, Kind, definitions
from trafficdesk.classify.label_file import read_labels
from trafficdesk.classify.model_file import MAGIC, MOST_NAME, packed, unpacked
from trafficdesk.classify.report import report_of
from trafficdesk.classify.trees import Trees
from trafficdesk.decode import decode
from trafficdesk.errors import BadLabels, BadModel

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from trafficdesk.packets.batch import PacketBatch

LABELS: Final = (
    "index,label,family\n1,attack,scan\n2,benign,web\n3,ambiguous,\n",
    (
        "kind,value,label,family,note\nflow,ip=192.0.2.1|192.0.2.2;port=80;flags=0x0002,attack,scan,x\n"
        "flow,macsrc=02:00:00:00:00:01;proto=arp|tcp|17;arp_op=2;arp_spa=192.0.2.9,attack,spoof,\n"
        "flow,t0=1678440620.741;t1=1678440653.856;dns=example.com,attack,tunnel,\n"
        "time,1678440676.272/1678440714.924,ambiguous,x,\nip,2001:db8::1,benign,x,\ndefault,*,benign,background,\n"
    ),
    "capture,family,attacker,start_epoch,end_epoch\na.pcap,scan,192.0.2.1,0,9999999999\n,flood,see packets,1,2\n",
    'kind,value,label\n"flow","i0=1;i1=3;sport=53;dport=1;src=::1;dst=::2;mac=ff-ff-ff-ff-ff-ff;arp_tpa=1.2.3.4",a\n',
)


def a_small_model() -> bytes:
    """A file of two trees, small enough for every byte of it to be changed."""
    trees = Trees(
        np.array([0, 3], np.int32),
        np.array([0, -1, -1, 21, -1, -1], np.int16),
        np.array([0.5, 0, 0, 1.5, 0, 0]),
        np.array([1, 0, 0, 4, 0, 0], np.int32),
        np.array([2, 0, 0, 5, 0, 0], np.int32),
        len(definitions(Kind.PROTOCOL)),
        np.array([[1, 0], [0.25, 0.75], [0.5, 0.5], [0, 1]], np.float32),
    )
    confusion = np.array([[9, 1], [2, 8]])
    report = report_of(
        ("DNS", "TLS"),
        confusion,
        groups=[5, 5],
        rows=[10, 10],
        folds=2,
        held_out="conversations",
        notes=["x"],
    )
    return packed(Classifier(Kind.PROTOCOL, ("DNS", "TLS"), definitions(Kind.PROTOCOL), trees, report, 1))


def check_model(data: bytes) -> Iterable[Hashable]:
    """Any bytes are a model that answers for every row, or a sentence; also where their sum was made to fit."""
    body = data if data.startswith(MAGIC) else MAGIC + data
    return [_met(data), _met(body[:-32] + hashlib.sha256(body[:-32]).digest())]


def check_labels(data: bytes) -> Iterable[Hashable]:
    """Any bytes are labels that say something, or nothing, of every packet, or a sentence with the line's number."""
    path = _folder() / "labels.csv"
    path.write_bytes(data)
    batch = _rows()
    try:
        labels = read_labels(path, "/x/a.pcap")
    except BadLabels as error:
        return [_said(error)]
    told = labels.told(batch, 1)
    assert told.name.shape == told.event.shape == (len(batch),)
    assert -1 <= told.name.min(initial=-1) <= told.name.max(initial=-1) < max(len(labels.names), 1)
    assert all(0 < len(name) <= MOST_NAME for name in labels.names)
    return [("names", len(labels.names)), *(("told", int(number)) for number in np.unique(told.name))]


def _said(error: BadModel | BadLabels) -> str:
    """The kind of sentence, without what it quotes."""
    assert error.hint
    return error.title.rpartition("'")[2]


def _met(data: bytes) -> Hashable:
    try:
        model = unpacked(data)
    except BadModel as error:
        return _said(error)
    rows = np.linspace(-9, 9, 3 * len(model.features), dtype=np.float32).reshape(3, -1)
    votes = model.probabilities(rows)
    assert votes.shape == (3, len(model.classes))
    assert np.isfinite(votes).all()
    assert (model.say(rows).number < len(model.classes)).all()
    assert len(model.report.classes) == len(model.classes)
    return len(model.classes), len(model.trees)


@functools.cache
def _rows() -> PacketBatch:
    return decode(block_of(*CAPTURED.values()))


@functools.cache
def _folder() -> Path:
    """Removed when the process ends; where libFuzzer ends it, by whoever gave the folder that it lies in."""
    folder = tempfile.mkdtemp(prefix="fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
