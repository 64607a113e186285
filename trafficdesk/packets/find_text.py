"""Where a text stands among what the table shows of packets: what they say, their ends, and the peer's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.address import address_text, mac_text, unique_addresses
from trafficdesk.packets.info import info_bytes
from trafficdesk.packets.ordering import ADDRESSED
from trafficdesk.packets.protocol import protocol_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from trafficdesk.packets.identities import Host, Interned
    from trafficdesk.packets.log import PacketLog

_TAKEN_ROWS: Final = 8_192


class TextSearch:
    """One text, looked for in many rows; case does not matter.

    Parameters
    ----------
    text : not empty.
    hosts : what the log's column `host` stands for.
    """

    def __init__(self, log: PacketLog, hosts: Interned[Host], text: str) -> None:
        self._log = log
        self._text = text.casefold()
        self._bytes = text.lower().encode("utf-8", "replace")
        self._named = np.array([self._text in host.name.casefold() for host in hosts.since(0)], np.bool_)

    def first(self, ids: NDArray[np.int64], stop: Callable[[], bool] = lambda: False) -> int | None:
        """The first of `ids` (in any order) whose row has the text; None where none has, or `stop` said so."""
        for start in range(0, len(ids), _TAKEN_ROWS):
            if stop():
                return None
            part = ids[start : start + _TAKEN_ROWS]
            found = np.flatnonzero(self.mask(part[part >= self._log.first_id]))
            if len(found):
                return int(part[part >= self._log.first_id][found[0]])
        return None

    def mask(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(ids,) which rows have the text."""
        batch = self._log.take(ids)
        found: NDArray[np.bool_] = np.char.find(np.char.lower(info_bytes(batch)), self._bytes) >= 0
        hosts = self._log.column("host", ids)
        known = hosts < len(self._named)
        found[known] |= self._named[hosts[known]]
        found |= self._of(batch["protocol"], protocol_name)
        addressed = np.isin(batch["network"], ADDRESSED)
        for side in ("source", "destination"):
            distinct, which = unique_addresses(batch[side][addressed])
            texts = [address_text(packed.tobytes()) for packed in distinct]
            found[addressed] |= self._contained(texts)[which]
            found[~addressed] |= self._of(batch[f"{side}_mac"][~addressed], mac_text)
        return found

    def _of(self, numbers: NDArray[np.integer[Any]], text_of: Callable[[int], str]) -> NDArray[np.bool_]:
        distinct, which = np.unique(numbers, return_inverse=True)
        found: NDArray[np.bool_] = self._contained([text_of(int(number)) for number in distinct])[
            which.reshape(-1)
        ]
        return found

    def _contained(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        return np.array([self._text in text.casefold() for text in texts], np.bool_)
