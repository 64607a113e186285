"""`Lookalikes`: the classifiers that a person trained, beside rules and forest, asked of every row."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from trafficdesk.classify.classifier import Kind
from trafficdesk.classify.conversations import UNNAMED
from trafficdesk.classify.looks import Looks
from trafficdesk.classify.model_file import load
from trafficdesk.classify.opening import OpeningTracker
from trafficdesk.errors import BadModel
from trafficdesk.packets.protocol import Protocol, protocol_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.classify.classifier import Classifier
    from trafficdesk.classify.opening import Openings
    from trafficdesk.detect.finding import Detection
    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.settings import DetectionSettings

_LOG = logging.getLogger(__name__)
VAGUE: Final = (Protocol.UNKNOWN, Protocol.TCP, Protocol.UDP, Protocol.TLS, Protocol.DTLS)
"""Names that leave open which application speaks."""
_NUMBERS: Final = {protocol_name(one): int(one) for one in VAGUE}


class Lookalikes:
    """Both kinds of classifier, each there or not.

    Parameters
    ----------
    settings : name the models' files; a file that can't be used is passed over and logged.
    """

    def __init__(self, settings: DetectionSettings) -> None:
        self._paths = {Kind.LABEL: "", Kind.PROTOCOL: ""}
        self._models: dict[Kind, Classifier] = {}
        self._applications = ApplicationTracker()
        self.set_settings(settings)

    @property
    def models(self) -> tuple[Classifier, ...]:
        """Those in use."""
        return tuple(self._models.values())

    def set_settings(self, settings: DetectionSettings) -> None:
        """Use other models from now on, where other files are named."""
        wanted = {Kind.LABEL: settings.label_model, Kind.PROTOCOL: settings.protocol_model}
        for kind, path in wanted.items():
            if path != self._paths[kind]:
                self._paths[kind] = path
                self._use(kind, path)

    def reset(self) -> None:
        """Another capture begins: its conversations are other ones."""
        self._applications = ApplicationTracker()

    def spoken(self, detection: Detection, batch: PacketBatch, observation: Observation) -> Detection:
        """The same with what its rows look like."""
        if not self._models:
            return detection
        return replace(
            detection,
            label=self.labels(batch.ids, observation.values),
            application=self.applications(batch, observation),
        )

    def labels(self, ids: NDArray[np.int64], values: NDArray[np.float32]) -> Looks:
        """What rows (rows, features) look like of what a person called things."""
        model = self._models.get(Kind.LABEL)
        if model is None or not len(ids):
            return Looks()
        said = model.say(values)
        rows = np.flatnonzero(said.number >= 0)
        return Looks(ids[rows], said.number[rows], said.likeness[rows], model.classes)

    def applications(self, batch: PacketBatch, observation: Observation) -> Looks:
        """Which application rows behave like whose conversation nobody has named."""
        model = self._models.get(Kind.PROTOCOL)
        if model is None or not len(batch):
            return Looks()
        said = self._applications.judge(model, batch, observation)
        number = said.number.copy()
        # TLS that behaves like TLS is no news; TLS that behaves like DNS is.
        number[~np.isin(said.name, VAGUE)] = -1
        for index, name in enumerate(model.classes):
            number[(number == index) & np.isin(said.name, _NUMBERS.get(name, -1))] = -1
        rows = np.flatnonzero((number >= 0) & np.isin(batch["protocol"], VAGUE))
        return Looks(batch.ids[rows], number[rows], said.likeness[rows], model.classes)

    def _use(self, kind: Kind, path: str) -> None:
        self._models.pop(kind, None)
        self._applications = ApplicationTracker()
        if not path:
            return
        try:
            model = load(path)
        except BadModel as error:
            _LOG.warning("%s", error)
            return
        if model.kind is kind:
            self._models[kind] = model
        else:
            _LOG.warning("%s holds a classifier of another kind: %s", path, model.kind)


class Behaviour(NamedTuple):
    """What conversations behave like as of their rows; arrays over (rows,)."""

    number: NDArray[np.int16]
    """Index in the classifier's classes, -1 = not known."""
    likeness: NDArray[np.float32]
    name: NDArray[np.uint16]
    """`Protocol` that the decoder called the conversation last, `UNKNOWN` where it had no name for it."""


class ApplicationTracker:
    """What every conversation behaves like so far."""

    def __init__(self) -> None:
        self._openings = OpeningTracker()
        self._number = np.full(256, -1, np.int16)
        self._likeness = np.zeros(256, np.float32)
        self._name = np.full(256, Protocol.UNKNOWN, np.uint16)

    def judge(self, model: Classifier, batch: PacketBatch, observation: Observation) -> Behaviour:
        """Of rows that follow those of the former call."""
        rows = len(batch)
        unknown = np.full(rows, Protocol.UNKNOWN, np.uint16)
        out = Behaviour(np.full(rows, -1, np.int16), np.zeros(rows, np.float32), unknown)
        for openings in self._openings.update(batch, observation):
            part = self._judge(model, openings, batch["protocol"][openings.rows])
            for name in Behaviour._fields:
                getattr(out, name)[openings.rows] = getattr(part, name)
        if rows:
            self._tidy(float(observation.rows.seconds[-1]))
        return out

    def _judge(self, model: Classifier, openings: Openings, protocols: NDArray[np.uint16]) -> Behaviour:
        """Of the rows of one part, in its order."""
        self._grow_to(len(self._openings))
        begins = openings.slots[openings.starts]
        fresh = begins[openings.fresh]
        self._number[fresh], self._name[fresh] = -1, Protocol.UNKNOWN
        said = model.say(openings.values)
        judged = _Latest(openings, openings.at)
        named = np.flatnonzero(~np.isin(protocols, UNNAMED))
        part = Behaviour(
            judged.values(said.number, self._number),
            judged.values(said.likeness, self._likeness),
            _Latest(openings, named).values(protocols[named], self._name),
        )
        ends = np.append(openings.starts[1:], len(openings.rows)) - 1
        self._number[begins] = part.number[ends]
        self._likeness[begins] = part.likeness[ends]
        self._name[begins] = part.name[ends]
        return part

    def _grow_to(self, known: int) -> None:
        more = max(known, 2 * len(self._number)) - len(self._number)
        if known > len(self._number):
            self._number = np.append(self._number, np.full(more, -1, np.int16))
            self._likeness = np.append(self._likeness, np.zeros(more, np.float32))
            self._name = np.append(self._name, np.full(more, Protocol.UNKNOWN, np.uint16))

    def _tidy(self, now: float) -> None:
        former = self._openings.tidy(now)
        if former is not None:
            for known in (self._number, self._likeness, self._name):
                known[: len(former)] = known[former]


class _Latest:
    """What was told of each row's conversation last: at a row of this part, else before it.

    Parameters
    ----------
    at : (told,) ascending positions within the part's rows.
    """

    def __init__(self, openings: Openings, at: NDArray[np.int64]) -> None:
        rows = len(openings.rows)
        place = np.full(rows, -1, np.int64)
        place[at] = at
        last = np.maximum.accumulate(place)
        self._here = last >= np.repeat(openings.starts, np.diff(np.append(openings.starts, rows)))
        self._which = np.searchsorted(at, np.maximum(last, 0))[self._here]
        self._slots = openings.slots

    def values(self, told: NDArray[Any], known: NDArray[Any]) -> NDArray[Any]:
        """(rows,) of what was `told` (told,), and what was `known` of each conversation."""
        values = known[self._slots]
        values[self._here] = told[self._which]
        return values
