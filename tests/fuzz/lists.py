"""Threat lists: whatever lies in the folder is read, and looked for in a few rows."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.helpers.wire import CAPTURED, block_of
from trafficdesk.decode import decode
from trafficdesk.packets.identities import Identities
from trafficdesk.threats import Matching
from trafficdesk.threats.problems import MOST
from trafficdesk.threats.threat_list import LONGEST_NAME, list_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from trafficdesk.packets.batch import PacketBatch

NOW_S = 1_790_000_000


@functools.cache
def _rows() -> PacketBatch:
    return decode(block_of(*CAPTURED.values()))


def check_threat_list(data: bytes) -> Iterable[Hashable]:
    """Any bytes are a list: bounded problems fit to be shown, entries that are used, and hits that say which."""
    one = list_of(data, name="x", path=Path("x.txt"), modified_s=NOW_S)
    assert len(one.problems) <= min(MOST, one.problem_count)
    assert all(problem.words.isprintable() and problem.place >= 0 for problem in one.problems)
    assert one.dated_s <= NOW_S + 86_400
    identities = Identities()
    batch = _rows()
    numbers = Matching([one]).numbers(batch, np.zeros(len(batch), np.uint32), identities)
    assert numbers.shape == (len(batch),)
    hits = [identities.threats[number] for number in set(numbers.tolist()) if number]
    assert all(hit.entry.isprintable() and len(hit.list_name) <= LONGEST_NAME for hit in hits)
    kinds = {
        " ".join(word for word in problem.words.split() if word.isalpha())[:40] for problem in one.problems
    }
    return [one.format, *((one.format, kind) for kind in kinds), *(("hit", hit.entry) for hit in hits)]
