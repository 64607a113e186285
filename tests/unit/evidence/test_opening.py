"""Evidence from strangers: changed, crafted and oversized zips are refused in a sentence, and cost little."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from trafficdesk.errors import BadCaptureFile
from trafficdesk.evidence import archive, is_evidence
from trafficdesk.evidence.bundle import SCORES, bundle
from trafficdesk.evidence.opening import opened
from trafficdesk.export.evidence import CAPTURE, MANIFEST, WHY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.helpers.analysed import Analysed


@pytest.fixture(scope="module")
def genuine(analysed_sample: Analysed, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The ARP spoofing of the sample, the smallest."""
    path = tmp_path_factory.mktemp("evidence") / "e.zip"
    bundle(path, analysed_sample.scene(), analysed_sample.incident("arp spoof"))
    return path.read_bytes()


def files_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def zipped(files: Mapping[str, bytes], *, signed: bool = True) -> bytes:
    """A zip of `files`, whose manifest is right if it is `signed`."""
    files = dict(files)
    if signed:
        sums = [(hashlib.sha256(data).hexdigest(), name) for name, data in files.items() if name != MANIFEST]
        files[MANIFEST] = "".join(f"{digest}  {name}\n" for digest, name in sums).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    capture = path.with_name("capture.pcapng")
    with pytest.raises(BadCaptureFile) as caught:
        opened(path, capture)
    assert not capture.exists()
    assert caught.value.hint
    return caught.value.title


def test_the_genuine_one_is_opened(genuine: bytes, tmp_path: Path) -> None:
    """Its packets are written where it was said."""
    path = tmp_path / "e.zip"
    path.write_bytes(genuine)
    assert is_evidence(path)
    assert opened(path, tmp_path / "out.pcapng").packets > 0
    assert (tmp_path / "out.pcapng").read_bytes() == files_of(genuine)[CAPTURE]
    path.write_bytes(zipped(files_of(genuine)))
    opened(path)


def test_any_changed_file_is_noticed(genuine: bytes, tmp_path: Path) -> None:
    """One bit in any of its files, with the zip's own sums put right, is refused and names the file."""
    files = files_of(genuine)
    for name in set(files) - {MANIFEST}:
        data = bytearray(files[name])
        data[len(data) // 2] ^= 1
        title = refused(tmp_path / "e.zip", zipped({**files, name: bytes(data)}, signed=False))
        assert f"{name} was changed after it was written" in title


@pytest.mark.parametrize("cut", [1, 22, 100, 5_000])
def test_a_part_is_refused(genuine: bytes, tmp_path: Path, cut: int) -> None:
    """What came through a mail only half is no evidence."""
    refused(tmp_path / "e.zip", genuine[:-cut])
    refused(tmp_path / "e.zip", genuine[cut:])


def test_files_of_others_are_refused(genuine: bytes, tmp_path: Path) -> None:
    """Nothing but our own names: no path, no second file of a name, no more, no less."""
    files = files_of(genuine)
    for name in ("../../etc/passwd", "/tmp/x", "rows.csv/../x", "setup.exe", "C:\\x"):
        others = {other: data for other, data in files.items() if other != "chart.svg"}
        assert "none of ours" in refused(tmp_path / "e.zip", zipped({**others, name: b"x"}))
    for name in ("rows.csv", WHY):
        without = {other: data for other, data in files.items() if other != name}
        assert "missing" in refused(tmp_path / "e.zip", zipped(without))
    out = io.BytesIO(zipped(files))
    with zipfile.ZipFile(out, "a") as twice, pytest.warns(UserWarning, match="Duplicate"):
        twice.writestr(WHY, b"{}")
    refused(tmp_path / "e.zip", out.getvalue())


def test_a_manifest_of_other_files_is_refused(genuine: bytes, tmp_path: Path) -> None:
    """Lines that are none, a file told twice, and one that is not there."""
    files = files_of(genuine)
    told = files[MANIFEST].decode()
    for manifest in (
        told + "x",
        told + told,
        told.replace("  ", " "),
        told + f"{'0' * 64}  more.csv\n",
        "",
        "\xff",
    ):
        refused(tmp_path / "e.zip", zipped({**files, MANIFEST: manifest.encode("latin-1")}, signed=False))


def test_a_bomb_is_not_unpacked(genuine: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks to more than it may have ends where the limit is, also when its header lies."""
    monkeypatch.setitem(archive._MOST, "chart.svg", 1_000_000)
    bomb = zipped({**files_of(genuine), "chart.svg": b" " * 50_000_000})
    assert "too large" in refused(tmp_path / "e.zip", bomb)
    # The sizes in the directory say 1,000 bytes.
    lying = bomb.replace(struct.pack("<L", 50_000_000), struct.pack("<L", 1_000))
    assert lying != bomb
    refused(tmp_path / "e.zip", lying)


def test_a_directory_of_thousands_is_not_read(genuine: bytes, tmp_path: Path) -> None:
    """Files are counted before the directory is read; what is behind or beside the end is no way around it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as many:
        for number in range(5_000):
            many.writestr(f"{number}", b"")
    assert "too many files" in refused(tmp_path / "e.zip", out.getvalue())
    commented = io.BytesIO(genuine)
    with zipfile.ZipFile(commented, "a") as one:
        one.comment = b"x" * 100
    assert "added" in refused(tmp_path / "e.zip", commented.getvalue())
    end = genuine[-22:]
    assert "too many" in refused(tmp_path / "e.zip", genuine[:-22] + b"PK\6\7" + b"\0" * 16 + end)


def test_an_encrypted_one_is_a_sentence(genuine: bytes, tmp_path: Path) -> None:
    """A bit in the headers says that a password is needed."""
    data = bytearray(genuine)
    for sign, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = 0
        while (start := bytes(data).find(sign, start)) >= 0:
            data[start + at] |= 1
            start += 4
    refused(tmp_path / "e.zip", bytes(data))


@pytest.mark.parametrize(
    "change",
    [
        {"incident": None},
        {"incident": {}},
        {"version": 1},
        {"packets_missing": -1},
        {"packets_missing": 1e300},
        {"packets_missing": True},
    ],
)
def test_crafted_reasons_are_refused(genuine: bytes, tmp_path: Path, change: dict) -> None:
    """A right manifest makes no wrong types right."""
    files = files_of(genuine)
    why = {**json.loads(files[WHY]), **change}
    refused(tmp_path / "e.zip", zipped({**files, WHY: json.dumps(why).encode()}))


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "1", "\udcff", '{"a": 1e999}'])
def test_reasons_that_are_no_json_are_refused(genuine: bytes, tmp_path: Path, text: str) -> None:
    """Depth without end, half an object, a bare number."""
    data = text.encode("utf-8", "surrogateescape")
    refused(tmp_path / "e.zip", zipped({**files_of(genuine), WHY: data}))


def test_crafted_scores_are_refused_or_harmless(genuine: bytes, tmp_path: Path) -> None:
    """Bytes of the scores changed at random, under a right manifest, are a sentence or values; nothing else comes out."""
    files, random = files_of(genuine), np.random.default_rng(1)
    opened_anyway = 0
    for _ in range(60):
        data = bytearray(files[SCORES])
        for place in random.integers(0, min(len(data), 60_000), 3).tolist():
            data[place] = int(random.integers(0, 256))
        path = tmp_path / "e.zip"
        path.write_bytes(zipped({**files, SCORES: bytes(data)}))
        try:
            found = opened(path)
        except BadCaptureFile:
            continue
        else:
            opened_anyway += 1
            assert found.recording is not None
            if found.recording.proof is not None:
                found.recording.proof.scores()
    assert opened_anyway < 60


def test_hostile_names_of_files_are_shown_as_text(tmp_path: Path) -> None:
    """A file's name may steer nothing."""
    path = tmp_path / "a\u202eb\x1b[31m.zip"
    title = refused(path, b"PK" + b"\0" * 100)
    assert "\u202e" not in title
    assert "\x1b" not in title


def test_a_capture_is_no_evidence(tmp_path: Path) -> None:
    """Name and beginning say so."""
    for name, data in (("a.pcapng", b"PK"), ("a.zip", b"\x0a\x0d"), ("b.zip", b"")):
        (tmp_path / name).write_bytes(data)
        assert not is_evidence(tmp_path / name)
    assert not is_evidence(tmp_path / "none.zip")
