"""The inputs fuzzing begins with, and those that once broke something: each is executed once, engine or not."""

from __future__ import annotations

import sys
from collections.abc import Hashable
from typing import TYPE_CHECKING, Final

import pytest

from tests.fuzz.__main__ import CORPUS, CRASHES
from tests.fuzz.targets import BY_NAME, TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fuzz.target import Target

MOST_BYTES: Final = 300_000
LEAST_MET: Final = {
    "pcap": 4,
    "pcapng": 6,
    "gzip": 4,
    "decode": 45,
    "applications": 40,
    "answers": 5,
    "conversations": 8,
    "dissect": 30,
    "analysis": 35,
    "display_filter": 8,
    "dumpcap_words": 4,
    "threat_lists": 16,
    "model": 3,
    "recording": 3,
    "labels": 5,
    "hand_over": 12,
}
"""Different kinds of thing that a target's seeds meet, less a few: seeds that meet little test little."""


@pytest.fixture(autouse=True)
def _no_socket_stays_open() -> Iterator[None]:
    yield
    if words := sys.modules.get("tests.fuzz.words"):
        while words.PACKET_SOCKETS:
            words.PACKET_SOCKETS.popitem()[1].close()


def inputs_of(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_seed_is_survived_and_leads_somewhere(target: Target) -> None:
    """What the generators make passes each target's check, within its longest input, and is of many kinds."""
    check, met = target.check(), set[Hashable]()
    seeds = inputs_of(CORPUS / target.name)
    for path in seeds:
        data = path.read_bytes()
        assert len(data) <= target.longest, path
        met.update(check(data))
    assert len(met) >= LEAST_MET[target.name]


@pytest.mark.parametrize(
    "path",
    [path for folder in inputs_of(CRASHES) if folder.is_dir() for path in inputs_of(folder)],
    ids=lambda path: f"{path.parent.name}-{path.name}",
)
def test_what_once_broke_something_is_survived(path: Path) -> None:
    """Every input that fuzzing found passes the check of the target it broke."""
    if path.parent.name == "hand_over" and sys.platform != "linux":
        pytest.skip("packet sockets are Linux's")
    target = BY_NAME[path.parent.name]
    list(target.check()(path.read_bytes()))


def test_the_corpus_stays_small() -> None:
    """The project carries what fuzzing begins with, not what it finds."""
    total = sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file())
    assert 50_000 < total < MOST_BYTES
    assert {path.name for path in CORPUS.iterdir()} <= set(BY_NAME) | {"hand_over"}
