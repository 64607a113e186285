"""Targets that break on purpose, by which the engines themselves are tested."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tests.fuzz.target import MOST_CPU_S, MOST_MEMORY, Target

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable


def check_raise(data: bytes) -> Iterable[Hashable]:
    if len(data) > 3 and data[1] > 200:
        raise IndexError("planted")
    return [len(data)]


def check_linger(data: bytes) -> Iterable[Hashable]:
    started = time.thread_time()
    while len(data) > 3 and time.thread_time() - started < MOST_CPU_S * 1.1:
        pass
    return [len(data)]


def check_hoard(data: bytes) -> Iterable[Hashable]:
    return [len(b"\1" * (MOST_MEMORY + 1))] if len(data) > 3 else []


def check_survive(data: bytes) -> Iterable[Hashable]:
    return [data[:1]]


PLANTED: Final = {
    f"planted_{name}": Target(f"planted_{name}", f"planted:check_{name}", runs=0)
    for name in ("raise", "linger", "hoard", "survive")
}
