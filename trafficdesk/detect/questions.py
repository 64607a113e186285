"""`Question`: what a person asks of the detector about what it has seen, answered where the detector lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from trafficdesk.detect.detector import Detector


Answered_co = TypeVar("Answered_co", covariant=True)
"""What a question is answered with."""


class Question(Protocol[Answered_co]):
    """A value that crosses the process border by pickle and finds its answer there; so does the answer."""

    def answered(self, detector: Detector) -> Answered_co:
        """Ask `detector`, between two batches."""
        ...
