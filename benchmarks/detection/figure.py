"""`Figure`: one line of the result, and `Options`: what every part is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """How thoroughly, on what, with which seed."""

    captures: Path
    """The corpus: `labelled/`, `benign/` and `apply_labels.py`."""
    quick: bool = False
    """A few minutes' worth instead of everything."""
    seed: int = 1
    verbose: bool = False
    """Say which incidents were missed and which alarms were false."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `target` is what it is held against."""

    name: str
    value: float
    target: float | None = None
    at_most: bool = False
    """Whether the target is an upper bound."""
    note: str = ""
    digits: int = 4

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None = there is none."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    @property
    def said(self) -> str:
        """Value with as many digits as it deserves."""
        if abs(self.value) >= 1_000:
            return f"{self.value:,.0f}"
        return f"{self.value:.{self.digits}f}".rstrip("0").rstrip(".")

    @property
    def wanted(self) -> str:
        """`>= 0.995 met`; empty without a target."""
        if self.target is None:
            return ""
        bound = f"{self.target:,.0f}" if abs(self.target) >= 1_000 else f"{self.target:g}"
        return f"{'<=' if self.at_most else '>='} {bound} {'met' if self.met else 'MISSED'}"
