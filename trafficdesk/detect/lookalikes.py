"""`Lookalikes`: the classifiers that a person trained, beside rules and forest, asked of every row."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.classify.classifier import Kind
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
VAGUE: Final = (Protocol.TCP, Protocol.UDP, Protocol.TLS, Protocol.DTLS)
"""Names that leave open which application speaks."""


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
        """Which application rows behave like whose protocol leaves that open."""
        model = self._models.get(Kind.PROTOCOL)
        if model is None or not len(batch):
            return Looks()
        number, likeness = self._applications.judge(model, batch, observation)
        vague = np.isin(batch["protocol"], VAGUE)
        own = {protocol_name(one): int(one) for one in VAGUE}
        for index, name in enumerate(model.classes):
            if name in own:  # TLS that behaves like TLS is no news
                number[(number == index) & (batch["protocol"] == own[name])] = -1
        rows = np.flatnonzero(vague & (number >= 0))
        return Looks(batch.ids[rows], number[rows], likeness[rows], model.classes)

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


class ApplicationTracker:
    """What every conversation behaves like so far."""

    def __init__(self) -> None:
        self._openings = OpeningTracker()
        self._number = np.full(256, -1, np.int16)
        self._likeness = np.zeros(256, np.float32)

    def judge(
        self, model: Classifier, batch: PacketBatch, observation: Observation
    ) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
        """(rows,) index in `model.classes`, -1 = not known, and how much it is like it, as of each row."""
        number = np.full(len(batch), -1, np.int16)
        likeness = np.zeros(len(batch), np.float32)
        for openings in self._openings.update(batch, observation):
            number[openings.rows], likeness[openings.rows] = self._judge(model, openings)
        if len(batch):
            self._tidy(float(observation.rows.seconds[-1]))
        return number, likeness

    def _judge(self, model: Classifier, openings: Openings) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
        """Of the rows of one part, in its order."""
        rows = openings.rows
        self._grow_to(len(self._openings))
        begins = openings.slots[openings.starts]
        self._number[begins[openings.fresh]] = -1
        said = model.say(openings.values)
        # A row has what was said last of its conversation: at a checkpoint of this batch, else before it.
        place = np.full(len(rows), -1, np.int64)
        place[openings.at] = openings.at
        last = np.maximum.accumulate(place)
        here = last >= np.repeat(openings.starts, np.diff(np.append(openings.starts, len(rows))))
        which = np.searchsorted(openings.at, np.maximum(last, 0))[here]
        so_far, how = self._number[openings.slots], self._likeness[openings.slots]
        so_far[here], how[here] = said.number[which], said.likeness[which]
        ends = np.append(openings.starts[1:], len(rows)) - 1
        self._number[begins], self._likeness[begins] = so_far[ends], how[ends]
        return so_far, how

    def _grow_to(self, known: int) -> None:
        more = max(known, 2 * len(self._number)) - len(self._number)
        if known > len(self._number):
            self._number = np.append(self._number, np.full(more, -1, np.int16))
            self._likeness = np.append(self._likeness, np.zeros(more, np.float32))

    def _tidy(self, now: float) -> None:
        former = self._openings.tidy(now)
        if former is not None:
            self._number[: len(former)] = self._number[former]
            self._likeness[: len(former)] = self._likeness[former]
