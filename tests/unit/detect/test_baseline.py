"""`detect.baseline` and `detect.known_networks`: what was learned survives a start, and nothing foreign is taken for it."""

from __future__ import annotations

import io
import json
import stat
import sys
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.detect.baseline import SEVERITIES, Baseline, BaselineError, KnownNetwork, about, read, write
from trafficdesk.detect.known_networks import KnownNetworks
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from pathlib import Path

KEY = "0123456789abcdef" * 2
NETWORK = KnownNetwork(KEY, "wlan0", 10**18, 2 * 10**18, 754.5, 0)


def baseline(rows: int = 40) -> Baseline:
    random = np.random.default_rng(1)
    values = random.normal(size=(rows, len(FEATURES))).astype(np.float32)
    severities = np.zeros(SEVERITIES)
    severities[[20, 35]] = 2.5, 1.0
    seen = {"devices": np.array([5, -7, 2**62])}
    return Baseline(values, values[::-1].copy(), 12_345, 754.5, severities, 86_400.0, seen)


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path: Path, parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def as_npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Every number, for the owner's eyes only, and nothing else is left in the folder."""
    path = tmp_path / "networks" / f"{KEY}.npz"
    write(path, baseline(), NETWORK)
    write(path, baseline(), NETWORK)
    found, network = read(path)
    for name in ("recent", "older", "severities"):
        np.testing.assert_array_equal(getattr(found, name), getattr(baseline(), name))
    assert (found.admitted, found.learned_s, found.watched_s) == (12_345, 754.5, 86_400.0)
    np.testing.assert_array_equal(found.seen["devices"], [5, -7, 2**62])
    assert (network.key, network.interface, network.first_ns, network.last_ns) == (
        KEY,
        "wlan0",
        10**18,
        2 * 10**18,
    )
    assert about(path) == network
    assert list(path.parent.iterdir()) == [path]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_baseline_is_one(tmp_path: Path) -> None:
    """A capture that ended at once has learned nothing; that can be kept, too."""
    nothing = np.empty((0, len(FEATURES)), np.float32)
    write(tmp_path / "a.npz", Baseline(nothing, nothing), NETWORK)
    assert len(read(tmp_path / "a.npz")[0].recent) == 0


def _pickle(parts: dict[str, bytes]) -> None:
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}], object), allow_pickle=True)
    parts["recent.npy"] = out.getvalue()


def _claim(parts: dict[str, bytes]) -> None:
    """A header that claims a million million rows."""
    header = as_npy(np.zeros((9, len(FEATURES)), np.float32)).replace(b"(9, ", b"(9000000000000, ")
    parts["older.npy"] = header


def _said(**changed: object):
    def change(parts: dict[str, bytes]) -> None:
        content = np.load(io.BytesIO(parts["about.npy"]))
        said = {**json.loads(content.tobytes()), **changed}
        parts["about.npy"] = as_npy(np.frombuffer(json.dumps(said).encode(), np.uint8))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _pickle,
        _claim,
        lambda parts: parts.pop("older.npy"),
        lambda parts: parts.update({"recent.npy": as_npy(np.zeros((5, 3), np.float32))}),
        lambda parts: parts.update({"recent.npy": as_npy(np.zeros((5, len(FEATURES)), np.float64))}),
        lambda parts: parts.update({"recent.npy": as_npy(np.full((5, len(FEATURES)), np.nan, np.float32))}),
        lambda parts: parts.update({"recent.npy": parts["recent.npy"][:-4]}),
        lambda parts: parts.update({"severities.npy": as_npy(np.full(SEVERITIES, -1.0))}),
        lambda parts: parts.update({"seen_devices.npy": as_npy(np.zeros(3))}),
        lambda parts: parts.update({"about.npy": as_npy(np.frombuffer(b"[" * 100_000, np.uint8))}),
        _said(version=2),
        _said(features=["another"]),
        _said(learned_s=float("nan")),
        _said(admitted=-1),
        _said(interface=5),
    ],
)
def test_what_is_not_ours_is_refused(tmp_path: Path, change) -> None:
    """Pickles, other shapes and types, numbers that are none, false claims: all in one sentence, nothing is loaded."""
    path = tmp_path / "a.npz"
    write(path, baseline(), NETWORK)
    parts = members(path)
    change(parts)
    rewrite(path, parts)
    with pytest.raises(BaselineError) as raised:
        read(path)
    assert "a.npz" in raised.value.title


@given(st.data())
def test_a_damaged_file_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever bytes change, either the same shape of thing comes out or a `BaselineError`."""
    path = tmp_path_factory.mktemp("networks") / "a.npz"
    write(path, baseline(3), NETWORK)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(
        bytes(content[: data.draw(st.integers(0, len(content)))]) if data.draw(st.booleans()) else content
    )
    try:
        found, _ = read(path)
    except BaselineError:
        return
    assert found.recent.shape[1] == len(FEATURES)


def test_a_broken_file_is_set_aside(tmp_path: Path) -> None:
    """It is said, kept under another name, and the network begins anew."""
    known = KnownNetworks(tmp_path)
    known.path_of(KEY).write_bytes(b"PK\3\4 nothing")
    with pytest.raises(BaselineError, match="set aside"):
        known.load(KEY)
    assert known.load(KEY) is None
    assert known.path_of(KEY).with_suffix(".broken").exists()
    assert known.networks() == []


def test_the_salt_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    """The same every time, of two folders never the same."""
    salt = KnownNetworks(tmp_path / "a").salt()
    assert len(salt) == 32
    assert KnownNetworks(tmp_path / "a").salt() == salt
    assert KnownNetworks(tmp_path / "b").salt() != salt
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "a" / "salt").stat().st_mode) == 0o600


def test_networks_are_listed_newest_first_and_forgotten(tmp_path: Path) -> None:
    """What is listed is what is there; a forgotten one is gone, and forgetting twice does no harm."""
    known = KnownNetworks(tmp_path)
    assert known.networks() == []
    for number in range(3):
        known.save(baseline(), KnownNetwork(f"{number:032x}", f"eth{number}", 1, 10 + number, 0.0, 0))
    assert [network.interface for network in known.networks()] == ["eth2", "eth1", "eth0"]
    known.forget(f"{1:032x}")
    known.forget(f"{1:032x}")
    assert [network.interface for network in known.networks()] == ["eth2", "eth0"]
    assert not known.has(f"{1:032x}")
