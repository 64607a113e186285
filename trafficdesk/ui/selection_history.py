"""Packets that were looked at, to go back and forth among. No Qt here."""

from __future__ import annotations

from typing import Final

MOST: Final = 200


class SelectionHistory:
    """packet_ids in the order they were selected, and a place among them, as a browser has."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._place = -1

    def visit(self, packet_id: int) -> None:
        """Somebody selected a packet: what lay ahead is forgotten."""
        if self._ids and self._ids[self._place] == packet_id:
            return
        self._ids = [*self._ids[: self._place + 1], packet_id][-MOST:]
        self._place = len(self._ids) - 1

    def step(self, step: int) -> int | None:
        """Go back (-1) or forth (1); the packet there, None at the end."""
        place = self._place + step
        if not 0 <= place < len(self._ids):
            return None
        self._place = place
        return self._ids[place]

    def clear(self) -> None:
        """Another capture begins."""
        self._ids, self._place = [], -1
