"""`Baseline`: what is usual on one network, kept between starts; its file is plain numbers in a zip archive (npz).

Never a pickle. Every part is bounded and checked when it is read: a file of another version, of other features, or
with anything in it that is not what we write is refused.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.errors import TrafficDeskError
from trafficdesk.features import FEATURES
from trafficdesk.paths import private_dir, replace_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

VERSION: Final = 1
NEEDED_S: Final = 1_800.0
"""Half an hour of traffic: below it the model works, but what it calls unusual may only be new to it."""
MAX_FILE: Final = 256 * 1024 * 1024
"""Bytes; two windows of the largest size allowed take 80 MB."""
SEVERITIES: Final = 101
"""0 to 100."""
_ABOUT: Final = "about"
_SEEN: Final = "seen_"
_MAX_SEEN: Final = 1_000_000


class BaselineError(TrafficDeskError):
    """A baseline can't be read or written."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What was learned on one network."""

    recent: NDArray[np.float32]
    """(rows, features) of the short reservoir, oldest first."""
    older: NDArray[np.float32]
    """(rows, features) of the long reservoir."""
    admitted: int = 0
    """Rows ever admitted."""
    learned_s: float = 0.0
    """Seconds of traffic learned from."""
    severities: NDArray[np.float64] = field(default_factory=lambda: np.zeros(SEVERITIES))
    """Candidate incidents by their highest severity, older ones counting less."""
    watched_s: float = 0.0
    """Seconds of traffic that `severities` is about, older ones counting less."""
    seen: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    """Keys of what was met here before, by kind."""


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """A network that has a baseline, as a person may recognise it."""

    key: str
    """See `capture.network.NetworkSight.key`."""
    interface: str
    first_ns: int
    """When it was first learned, nanoseconds since the Unix epoch."""
    last_ns: int
    learned_s: float
    size: int
    """Bytes on disk."""
    taught_ns: int = 0
    """When it was learned from the history last; a capture that finds it changed goes on from there."""


def write(path: Path, baseline: Baseline, network: KnownNetwork) -> None:
    """Replace the file at `path`, readable by its owner alone; the old one stays whole until the new one is.

    Raises
    ------
    BaselineError
    """
    about = {
        "version": VERSION,
        "features": [feature.name for feature in FEATURES],
        "interface": network.interface,
        "first_ns": network.first_ns,
        "last_ns": network.last_ns,
        "learned_s": baseline.learned_s,
        "admitted": baseline.admitted,
        "watched_s": baseline.watched_s,
        "taught_ns": network.taught_ns,
    }
    arrays: dict[str, NDArray[Any]] = {
        _ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8),
        "recent": baseline.recent,
        "older": baseline.older,
        "severities": baseline.severities,
        **{_SEEN + kind: keys for kind, keys in baseline.seen.items()},
    }
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    try:
        private_dir(path.parent)
        replace_private(path, content.getvalue())
    except OSError as error:
        raise BaselineError(
            f"What was learned of this network can't be kept in {path.parent}: {error.strerror or error}.",
            "Free some space or make the folder writable for you; the next start would learn anew.",
        ) from error


def read(path: Path) -> tuple[Baseline, KnownNetwork]:
    """The baseline in a file, and what it is of.

    Raises
    ------
    BaselineError
        If there is none, or if it is not one that this version wrote.
    """
    try:
        return _parsed(_arrays(path), path.stem, path.stat().st_size)
    except OSError as error:
        raise BaselineError(
            f"What was learned of this network can't be read from {path}: {error.strerror or error}.",
            "It is learned anew.",
        ) from error
    except _BROKEN as error:
        raise BaselineError(
            f"{path.name} is no baseline that this TrafficDesk wrote ({error}).",
            "The network is learned anew.",
        ) from error


def about(path: Path) -> KnownNetwork:
    """What a file is of, without its rows.

    Raises
    ------
    BaselineError
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _known(_said(_array(archive, _ABOUT)), path.stem, path.stat().st_size)
    except (OSError, *_BROKEN) as error:
        raise BaselineError(f"{path.name} is no baseline ({error}).", "Forget it in the settings.") from error


class _ForeignError(ValueError):
    """Something in a file that we did not write."""


_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, RuntimeError)
"""What reading a damaged archive raises; RuntimeError of an encrypted member or an unknown compression."""


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    if path.stat().st_size > MAX_FILE:
        raise _ForeignError("it is far too large")
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > MAX_FILE:
            raise _ForeignError("it unpacks to far too much")
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        return {name: _array(archive, name) for name in names}


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array; its header is believed as far as the bytes that follow bear it out."""
    with archive.open(name + ".npy") as member:
        content = member.read(MAX_FILE)
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise _ForeignError(f"{name} has another format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject or fortran or len(shape) not in {1, 2}:
        raise _ForeignError(f"{name} is no plain array")
    count = 1
    for length in shape:
        count *= length
    if count < 0 or stream.tell() + count * dtype.itemsize != len(content):
        raise _ForeignError(f"{name} is cut short")
    return np.frombuffer(content, dtype, count, stream.tell()).reshape(shape)


def _said(content: NDArray[Any]) -> dict[str, Any]:
    if content.dtype != np.uint8:
        raise _ForeignError("it does not say what it is of")
    said = json.loads(content.tobytes().decode())
    if not isinstance(said, dict) or said.get("version") != VERSION:
        raise _ForeignError("it is of another version")
    if said.get("features") != [feature.name for feature in FEATURES]:
        raise _ForeignError("it is of other features")
    return said


def _known(said: dict[str, Any], key: str, size: int) -> KnownNetwork:
    interface = said["interface"]
    if not isinstance(interface, str):
        raise _ForeignError("it does not name its interface")
    return KnownNetwork(
        key,
        interface,
        _whole(said, "first_ns"),
        _whole(said, "last_ns"),
        _real(said, "learned_s"),
        size,
        _whole({"taught_ns": 0} | said, "taught_ns"),
    )


def _parsed(arrays: dict[str, NDArray[Any]], key: str, size: int) -> tuple[Baseline, KnownNetwork]:
    said = _said(arrays[_ABOUT])
    severities = arrays["severities"]
    if severities.shape != (SEVERITIES,) or severities.dtype != np.float64 or not (severities >= 0).all():
        raise _ForeignError("its incidents are not counts")
    seen = {name.removeprefix(_SEEN): keys for name, keys in arrays.items() if name.startswith(_SEEN)}
    for keys in seen.values():
        if keys.ndim != 1 or keys.dtype != np.int64 or len(keys) > _MAX_SEEN:
            raise _ForeignError("what it has seen are not keys")
    baseline = Baseline(
        recent=_rows(arrays["recent"]),
        older=_rows(arrays["older"]),
        admitted=_whole(said, "admitted"),
        learned_s=_real(said, "learned_s"),
        severities=np.minimum(severities, 1e9),
        watched_s=_real(said, "watched_s"),
        seen=seen,
    )
    return baseline, _known(said, key, size)


def _rows(values: NDArray[Any]) -> NDArray[np.float32]:
    if values.dtype != np.float32 or values.ndim != 2 or values.shape[1] != len(FEATURES):
        raise _ForeignError("its rows have other columns")
    if not np.isfinite(values).all():
        raise _ForeignError("its rows are not all numbers")
    return values


def _whole(said: dict[str, Any], name: str) -> int:
    value = said[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise _ForeignError(f"{name} is {value!r}")
    return value


def _real(said: dict[str, Any], name: str) -> float:
    value = said[name]
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e12:
        raise _ForeignError(f"{name} is {value!r}")
    return float(value)
