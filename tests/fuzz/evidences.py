"""What was recorded in an evidence, from whoever sends one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.classify.nodes import Nodes
from trafficdesk.detect.explanation import TOLD
from trafficdesk.detect.families import FAMILIES
from trafficdesk.detect.findings import FlaggedRows
from trafficdesk.detect.forest import MODELLED, Forest
from trafficdesk.detect.model_record import ModelRecord
from trafficdesk.detect.plain_model import PlainModel, PlainTrees
from trafficdesk.detect.proof import Proof
from trafficdesk.evidence.arrays import MAGIC
from trafficdesk.evidence.recording import Recording
from trafficdesk.evidence.verifying import Verification
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_END = b"\0"
"""Between header and arrays of an input: so a changed one is read to the end, whatever length it has."""
_NAMES = {
    "families": [family.name for family in FAMILIES],
    "features": [feature.name for feature in FEATURES],
    "modelled": [FEATURES[index].name for index in MODELLED.tolist()],
}


def a_small_recording() -> bytes:
    """Three rows, two of them flagged, one model of a tree; names that are long stand in it by a word each."""
    nodes = Nodes(
        np.array([0], np.int32),
        np.array([1, -1, -1], np.int16),
        np.array([0.5, 0, 0]),
        np.array([1, 0, 0], np.int32),
        np.array([2, 0, 0], np.int32),
        len(MODELLED),
    )
    zeros = np.zeros(len(MODELLED), np.float32)
    forest = Forest(PlainTrees(nodes, np.array([1.0, 3.0]), 2.0), zeros, zeros + 1, 0.5, 0.75, 512)
    model = PlainModel(ModelRecord(1, 1, 512, 0, 511, "0" * 16, 0, 1, 256, early=False), forest, forest)
    ids, flagged = np.array([4, 7, 9]), np.array([4, 9])
    values = np.zeros((2, len(FEATURES)), np.float32)
    shape = (2, TOLD)
    recording = Recording(
        ids=ids,
        kept=np.array([True, False, True]),
        score=np.array([2.0, np.nan, 0.5], np.float32),
        verdict=np.array([3, 0, 1], np.uint8),
        family=np.array([1, 0, 2], np.uint8),
        incident=np.array([1, 0, 1], np.int32),
        flagged=FlaggedRows(
            flagged,
            np.array([1, 2], np.uint8),
            np.array([[0, 1, -1], [2, -1, -1]], np.int16),
            np.ones(shape, np.float32),
            np.full(shape, np.nan, np.float32),
            np.zeros(shape, np.int8),
        ),
        proof=Proof(flagged, values, np.array([True, False]), np.array([1, 1], np.int32), (model,)),
    )
    data = recording.packed()[len(MAGIC) :]
    stop = 4 + int.from_bytes(data[:4], "little")
    header = json.loads(data[4:stop]) | dict.fromkeys(_NAMES, "*")
    return json.dumps(header).encode() + _END + data[stop:]


def check_recording(data: bytes) -> Iterable[Hashable]:
    """Any bytes are rows whose scores can be computed again, or a sentence."""
    header, _, arrays = data.partition(_END)
    for name, names in _NAMES.items():
        header = header.replace(f'"{name}": "*"'.encode(), f'"{name}": {json.dumps(names)}'.encode())
    whole = MAGIC + len(header).to_bytes(4, "little") + header + arrays
    try:
        recording = Recording.unpacked(whole)
    except ValueError as error:
        return [str(error)[:24]]
    verification = Verification.of(recording)
    assert verification.equal <= verification.compared <= verification.rows <= len(recording)
    assert (recording.flagged.features >= -1).all()
    assert (recording.flagged.features < len(FEATURES)).all()
    assert (recording.family < len(FAMILIES)).all()
    return [("rows", len(recording)), ("proven", verification.compared, verification.holds)]
