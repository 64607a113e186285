"""`ScoreCard`: what the self-test found, a line for each part of the path and each family."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from trafficdesk import __version__


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was tried."""

    name: str
    """What, for people: "Port scan", "E-mail"."""
    passed: bool
    words: str
    """What came of it: the incident's sentence, a count, or what is missing."""
    family: str = ""
    """Name in `detect.families`, where an incident was looked for."""
    delay_s: float | None = None
    """Capture time from the incident's first packet to the first flagged one; None = none was."""
    reason: str = ""
    """The first reason of the incident."""
    mail: str = ""
    """Subject of the mail that arrived about it."""


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """All lines."""

    lines: tuple[Line, ...]
    seconds: float
    """How long it took."""
    packets: int

    @property
    def passed(self) -> bool:
        """Whether everything works."""
        return all(line.passed for line in self.lines)

    @property
    def words(self) -> str:
        """One sentence."""
        good = sum(line.passed for line in self.lines)
        return f"{good} of {len(self.lines)} passed, {self.packets:,} packets in {self.seconds:.1f} s"


def card_json(card: ScoreCard) -> dict[str, Any]:
    """The JSON object of `self-test --json`."""
    return {
        "version": __version__,
        "passed": card.passed,
        "seconds": round(card.seconds, 3),
        "packets": card.packets,
        "lines": [asdict(line) for line in card.lines],
    }
