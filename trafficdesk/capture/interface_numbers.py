"""`InterfaceNumbers`: the system's interface indices made small numbers with names, for a capture on all interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MAX_INTERFACES: Final = 0xFFFF
"""What the column holds; those heard later share the last number. Containers bring thousands of them in a day."""


class InterfaceNumbers:
    """Numbers interfaces from 0 in the order in which they are first heard.

    Parameters
    ----------
    name_of : name of an index; empty = it has gone already.
    """

    def __init__(self, name_of: Callable[[int], str]) -> None:
        self._name_of = name_of
        self._numbers: dict[int, int] = {}
        self._by_name: dict[str, int] = {}
        self.names: tuple[str, ...] = ()
        """By number."""

    def of(self, indices: NDArray[np.int64]) -> NDArray[np.uint16]:
        """(frames,) number of each frame's interface."""
        if not len(indices):
            return np.empty(0, np.uint16)
        if (indices == indices[0]).all():
            return np.full(len(indices), self._number(int(indices[0])), np.uint16)
        distinct, inverse = np.unique(indices, return_inverse=True)
        return np.array([self._number(index) for index in distinct.tolist()], np.uint16)[inverse]

    def _number(self, index: int) -> int:
        number = self._numbers.get(index)
        if number is None:
            name = self._name_of(index) or f"interface {index}"
            # One that was removed and came back under its name is the same to a person.
            number = self._by_name.get(name, len(self.names))
            if number == len(self.names) and len(self.names) < MAX_INTERFACES:
                self.names = (*self.names, name)
                self._by_name[name] = number
            number = min(number, MAX_INTERFACES - 1)
            if len(self._numbers) < 4 * MAX_INTERFACES:
                self._numbers[index] = number
        return number
