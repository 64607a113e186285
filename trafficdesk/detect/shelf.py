"""`ModelShelf`: models that flagged something, so that one can be asked for its reasons after it was replaced."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trafficdesk.detect.forest import Model

KEPT: Final = 8
"""Some 5 MB each."""


class ModelShelf:
    """The models that flagged rows last."""

    def __init__(self) -> None:
        self._models: OrderedDict[int, Model] = OrderedDict()

    def keep(self, model: Model) -> None:
        """It has flagged something just now."""
        self._models[model.number] = model
        self._models.move_to_end(model.number)
        while len(self._models) > KEPT:
            self._models.popitem(last=False)

    def model(self, number: int) -> Model | None:
        """The model of that number, if it is still there."""
        return self._models.get(number)
