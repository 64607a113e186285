"""Conversations with the names that the decoder gave them: what a classifier of applications learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.classify.examples import Examples
from trafficdesk.classify.opening import FEATURES, OpeningTracker
from trafficdesk.packets.protocol import Protocol, protocol_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.classify.opening import Openings
    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch

UNNAMED: Final = (
    Protocol.UNKNOWN,
    Protocol.ETHERNET,
    Protocol.IPV4,
    Protocol.IPV6,
    Protocol.TCP,
    Protocol.UDP,
)
"""What a row is called whose application was not recognised."""
PER_CAPTURE: Final = 100
"""Conversations of one protocol that one capture may give: else the longest capture would be all that is learned."""
PER_PROTOCOL: Final = 1_000


class ConversationCollector:
    """Gathers conversations from captures read one after another.

    Parameters
    ----------
    seed : decides which conversations stand for the others of their protocol.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._capture = -1
        self._openings = OpeningTracker(2**62)
        self._values: list[NDArray[Any]] = []
        self._conversation: list[NDArray[Any]] = []
        self._capture_of: list[int] = []
        self._protocol: list[int] = []
        self._of_slot = np.full(256, -1, np.int64)

    def begin_capture(self) -> None:
        """What comes now is of another capture."""
        self._capture += 1
        self._openings = OpeningTracker(2**62)
        self._of_slot[:] = -1

    def add(self, batch: PacketBatch, observation: Observation) -> None:
        """Rows that follow those of the former call."""
        for openings in self._openings.update(batch, observation):
            self._add(openings, batch["protocol"][openings.rows])

    def _add(self, openings: Openings, names: NDArray[np.uint16]) -> None:
        more = len(self._openings) - len(self._of_slot)
        if more > 0:
            self._of_slot = np.append(self._of_slot, np.full(more + len(self._of_slot), -1, np.int64))
        fresh = openings.slots[openings.starts][openings.fresh]
        self._of_slot[fresh] = len(self._protocol) + np.arange(len(fresh))
        self._protocol += [int(Protocol.UNKNOWN)] * len(fresh)
        self._capture_of += [self._capture] * len(fresh)
        conversation = self._of_slot[openings.slots]
        self._values.append(openings.values)
        self._conversation.append(conversation[openings.at])
        told = ~np.isin(names, UNNAMED)
        # Of several names the last: a conversation that was upgraded to TLS is one of TLS.
        pairs = dict(zip(conversation[told].tolist(), names[told].tolist(), strict=True))
        for one, name in pairs.items():
            self._protocol[one] = name

    def examples(self, *, by_capture: bool = False) -> Examples:
        """What was gathered; groups are conversations, or with `by_capture` captures."""
        if not self._conversation:
            return Examples(
                np.empty((0, len(FEATURES)), np.float32), np.empty(0, np.int64), np.empty(0, np.int64), ()
            )
        conversation = np.concatenate(self._conversation)
        values = np.concatenate(self._values)
        protocol, capture = np.array(self._protocol), np.array(self._capture_of)
        kept = self._chosen(np.unique(conversation), protocol, capture)
        rows = np.isin(conversation, kept)
        conversation = conversation[rows]
        numbers, classes = np.unique(protocol[conversation], return_inverse=True)
        groups = capture[conversation] if by_capture else conversation
        names = tuple(protocol_name(number) for number in numbers.tolist())
        return Examples(values[rows], classes.reshape(-1).astype(np.int64), groups, names)

    def _chosen(
        self, judged: NDArray[np.int64], protocol: NDArray[np.int64], capture: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Of the conversations that were judged those to learn from, drawn fairly."""
        judged = judged[~np.isin(protocol[judged], UNNAMED)]
        drawn = np.random.default_rng(self._seed).permutation(judged)
        for keys, most in (
            (protocol * 2**32 + capture, PER_CAPTURE),
            (protocol, PER_PROTOCOL),
        ):
            _, inverse = np.unique(keys[drawn], return_inverse=True)
            order = np.argsort(inverse, kind="stable")
            first = np.searchsorted(inverse[order], inverse[order], side="left")
            drawn = drawn[np.sort(order[np.arange(len(order)) - first < most])]
        return drawn
