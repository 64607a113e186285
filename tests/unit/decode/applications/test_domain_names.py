"""Names are walked over many rows at once."""

from __future__ import annotations

import numpy as np

from tests.helpers.payloads import UDP, Given, workspace_of
from trafficdesk.decode.applications.domain_names import walk_names
from trafficdesk.decode.applications.payload import Payloads
from trafficdesk.packets.protocol import Status

NAMES = (b"\x03www\x01a\x02de\x00", b"\x00", b"\x02de\x00\x03www\xc0\x00", b"\x01a\xc0\x02", b"\x05ab")


def test_every_row_gets_its_own_name() -> None:
    """Names of different depth, a root, a pointer backwards and faulty ones don't disturb each other."""
    payloads = Payloads.of(workspace_of([Given(UDP, 1, 2, name) for name in NAMES]), np.arange(len(NAMES)))
    skipped = np.array([0, 0, 4, 0, 0])
    names = walk_names(payloads, payloads.at, payloads.at + skipped)
    ends = np.cumsum(names.lengths)
    texts = [names.flat[end - size : end].tobytes() for end, size in zip(ends, names.lengths, strict=True)]
    assert texts[:4] == [b"www.a.de", b"", b"www.de", b"a"]
    assert names.status.tolist() == [Status.COMPLETE] * 3 + [Status.MALFORMED] * 2
    assert (names.after - payloads.at)[:3].tolist() == [10, 1, 10]
    assert names.first_labels.tolist()[:3] == [3, 0, 3]
