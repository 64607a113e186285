"""A classifier as a file: numbers and words only, nothing that could run, checked before it is believed.

Layout: `MAGIC`; length of the header (4 bytes, little endian); the header (JSON, UTF-8); the arrays that it names, end to
end, little endian; SHA-256 over all of that. The sum finds what changed by accident or by a careless hand; who changes the
file with care can write a new sum, and gains a wrong answer, no more: every index is checked (`trees`).

A pickle, or joblib's and so scikit-learn's usual files, would run what a stranger wrote into it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from trafficdesk.classify.classifier import Classifier, Kind, definitions
from trafficdesk.classify.report import TrainingReport
from trafficdesk.classify.trees import Trees
from trafficdesk.errors import BadModel

if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC: Final = b"TrafficDesk model 1\n"
SUFFIX: Final = ".tdmodel"
MOST_BYTES: Final = 64_000_000
"""A forest of 100 trees and 30 classes has some 5 MB."""
MOST_HEADER: Final = 1_000_000
MOST_CLASSES: Final = 200
MOST_NAME: Final = 80
_SUM_BYTES: Final = 32
_ARRAYS: Final = {
    "roots": "<i4",
    "feature": "<i2",
    "threshold": "<f8",
    "left": "<i4",
    "right": "<i4",
    "shares": "<f4",
}
_Plain = TypeVar("_Plain")
_TRAIN_AGAIN: Final = (
    "Train it again with `trafficdesk train`, or take the file from where it came from again."
)


def packed(model: Classifier) -> bytes:
    """The file's bytes."""
    arrays = {
        name: np.ascontiguousarray(getattr(model.trees, name), dtype) for name, dtype in _ARRAYS.items()
    }
    header = {
        "kind": model.kind.value,
        "classes": list(model.classes),
        "features": list(model.features),
        "seed": model.seed,
        "arrays": {name: list(array.shape) for name, array in arrays.items()},
        "report": model.report.as_json(),
    }
    words = json.dumps(header, ensure_ascii=False).encode()
    body = b"".join([MAGIC, len(words).to_bytes(4, "little"), words, *(a.tobytes() for a in arrays.values())])
    return body + hashlib.sha256(body).digest()


def unpacked(data: bytes, name: str = "The model") -> Classifier:
    """The classifier in a file's bytes.

    Raises
    ------
    BadModel
        If it was changed, is no model, or is one of other features than this version sees.
    """
    try:
        return _unpacked(data)
    except ValueError as error:
        raise BadModel(f"{name} can't be used: {error}.", _TRAIN_AGAIN) from error


def load(path: str | Path) -> Classifier:
    """The classifier in a file.

    Raises
    ------
    BadModel
        As `unpacked`, or if the file can't be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadModel(
            f"{path} can't be read: {error.strerror or error}.",
            "Choose a model that `trafficdesk train` wrote.",
        ) from error
    return unpacked(data, str(path))


def _unpacked(data: bytes) -> Classifier:
    if not data.startswith(MAGIC):
        raise ValueError("it is no model of TrafficDesk, or one of another version")
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    body, digest = data[:-_SUM_BYTES], data[-_SUM_BYTES:]
    if len(body) < len(MAGIC) + 4 or hashlib.sha256(body).digest() != digest:
        raise ValueError("it was changed after it was written, or is not whole")
    start = len(MAGIC) + 4
    stop = start + int.from_bytes(body[len(MAGIC) : start], "little")
    if stop - start > MOST_HEADER or stop > len(body):
        raise ValueError("its header is broken")
    header = _header(body[start:stop])
    kind, classes = _kind(header), _names(header, "classes", MOST_CLASSES)
    features = _names(header, "features", 10_000)
    if features != definitions(kind):
        raise ValueError("it was trained on other features than this version of TrafficDesk computes")
    arrays = _arrays(header, body[stop:], len(classes))
    trees = Trees(**arrays, columns=len(features))
    report = TrainingReport.from_json(_plain(header.get("report"), dict, "report"))
    return Classifier(kind, classes, features, trees, report, _plain(header.get("seed"), int, "seed"))


def _plain(value: Any, kind: type[_Plain], what: str) -> _Plain:
    if not isinstance(value, kind):
        raise ValueError(f"its {what} is broken")  # noqa: TRY004  # what a file holds is a value
    return value


def _header(data: bytes) -> Mapping[str, Any]:
    try:
        header = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError("its header is broken") from error
    return _plain(header, dict, "header")


def _kind(header: Mapping[str, Any]) -> Kind:
    try:
        return Kind(str(header.get("kind")))
    except ValueError as error:
        raise ValueError("it is of a kind that this version does not know") from error


def _names(header: Mapping[str, Any], key: str, most: int) -> tuple[str, ...]:
    names = header.get(key)
    if not isinstance(names, list) or not 0 < len(names) <= most:
        raise ValueError(f"its {key} are broken")
    longest = MOST_NAME if key == "classes" else 4 * MOST_NAME
    if any(not isinstance(name, str) or not 0 < len(name) <= longest for name in names):
        raise ValueError(f"its {key} are broken")
    return tuple(names)


def _arrays(header: Mapping[str, Any], data: bytes, classes: int) -> dict[str, Any]:
    shapes = header.get("arrays")
    if not isinstance(shapes, dict) or set(shapes) != set(_ARRAYS):
        raise ValueError("its arrays are broken")
    arrays, at = {}, 0
    for name, dtype in _ARRAYS.items():
        shape = shapes[name]
        width = [classes] if name == "shares" else []
        if not isinstance(shape, list) or len(shape) != 1 + len(width) or shape[1:] != width:
            raise ValueError("its arrays are broken")
        rows = shape[0]
        if not isinstance(rows, int) or isinstance(rows, bool) or not 0 < rows <= MOST_BYTES:
            raise ValueError("its arrays are broken")
        octets = rows * (width[0] if width else 1) * np.dtype(dtype).itemsize
        if at + octets > len(data):
            raise ValueError("its arrays are not all there")
        array = np.frombuffer(data, dtype, rows * (width[0] if width else 1), at).reshape(rows, *width)
        arrays[name] = array.astype(dtype.replace("<", "="), copy=False)
        at += octets
    if at != len(data):
        raise ValueError("it holds more than it says")
    return arrays
