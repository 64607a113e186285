"""`Enclosure`: what a mail carries beside its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trafficdesk.detect.finding import Incident

NOT_GATHERED: Final = "The packets could not be gathered before TrafficDesk ended."
"""Said by a letter until its enclosure is there."""
NO_ROOM: Final = "Too many alerts wait to be sent: the packets were left out."


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Evidence and picture of an incident."""

    words: str = ""
    """What is attached, or why nothing is; one or two sentences."""
    name: str = ""
    """Of the attached file."""
    archive: bytes = b""
    """A zip; empty = nothing is attached."""
    picture: bytes = b""
    """A PNG, shown within the mail; empty = none."""
    picture_words: str = ""
    """The same for those who do not see it."""
    picture_width: int = 0
    """Pixels wide as it is shown."""
    incident: Incident | None = None
    """As it was known when this was made; None = as it was announced."""
