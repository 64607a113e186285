"""`Feature`: one number the detector sees of a packet, and how it is said to a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Scale(StrEnum):
    """How a stored value follows from the value in the person's unit."""

    LOG1P = "log1p"
    """log(1 + x), x >= 0."""
    ROOT = "root"
    """log(1 + x**2): a variance is stored, its square root is said."""
    RATIO = "ratio"
    """log of a ratio."""
    PLAIN = "plain"
    """As it is."""


class End(StrEnum):
    """Which end of a row a number tells of."""

    NONE = ""
    HOST = "host"
    """The one whose counter is the larger."""
    PEER = "peer"
    """The other one."""
    SERVER = "server"
    """The one with the lower port."""
    SOURCE = "source"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the detector's matrix."""

    name: str
    """Unique; a window ends the name: `new_hosts_60s`."""
    unit: str
    """Of the value that is said; empty = a count of what `words` names."""
    window_s: float
    """Half-life of the damped window in seconds; 0 = this packet, or since the conversation began."""
    words: str
    """What is said, `{}` standing for the value with its unit, `{s}` for the plural's s: "{} newly tried port{s}"."""
    source: str
    """Where the definition comes from."""
    scale: Scale = Scale.LOG1P
    behaviour: str = ""
    """The same for twins that differ by window only: they count as one reason."""
    tellable: bool = True
    """Whether it can be a reason by itself; "is a UDP packet" can't."""
    ranged: bool = True
    """Whether the out-of-range channel watches it."""
    modelled: bool = True
    """Whether the forest sees it; the others are for the rules."""
    end: End = End.NONE
    named: str = ""
    """`words` where that end's name is known, which stands for `{end}`."""

    def said(self, stored: NDArray[np.floating]) -> NDArray[np.float64]:
        """Stored values in the person's unit."""
        values = np.asarray(stored, np.float64)
        match self.scale:
            case Scale.LOG1P:
                return np.expm1(values)
            case Scale.ROOT:
                return np.sqrt(np.maximum(np.expm1(values), 0.0))
            case Scale.RATIO:
                return np.exp(values)
            case _:
                return values

    def stored(self, said: NDArray[np.floating]) -> NDArray[np.float64]:
        """The inverse of `said`."""
        values = np.asarray(said, np.float64)
        match self.scale:
            case Scale.LOG1P:
                return np.log1p(values)
            case Scale.ROOT:
                return np.log1p(values**2)
            case Scale.RATIO:
                return np.log(values)
            case _:
                return values
