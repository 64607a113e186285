"""`Recorder`: what a live capture shows, on its way into the history; adds up in a thread of its own, three times a second."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.store.batches import fewer
from trafficdesk.store.capture_rows import gap_row, incident_row, model_row
from trafficdesk.store.name_rows import NameRows
from trafficdesk.store.note_rows import NoteRows
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import (
    CAPTURE,
    GAP,
    INCIDENT,
    MODEL,
    NAME_LENGTH,
    NETWORK,
    QUALITY_MINUTE,
    SENSOR,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from trafficdesk.capture.source import CaptureStatistics, Gap
    from trafficdesk.detect.finding import Incident, ModelState
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Host, Identities
    from trafficdesk.store.sensor import Sensor
    from trafficdesk.store.writer import HistoryWriter

_log = logging.getLogger(__name__)

EVERY_S: Final = 0.35
"""What was seen longer ago is on its way: after a crash so much is missing at most, and what one write takes."""
MOST_ROWS: Final = 600_000
"""Packets that may wait to be added up; some 100 MB."""
_STATUS_S: Final = 5.0
_MINUTE_NS: Final = 60_000_000_000


@dataclass(slots=True)
class _Capture:
    """The capture under way."""

    number: int
    source: str
    roll_up: RollUp
    known: NameRows
    statistics: Callable[[], CaptureStatistics] | None = None
    names: Callable[[], Iterable[tuple[bytes, Host]]] | None = None
    packets: int = 0
    bytes: int = 0
    scored: int = 0
    unscored: int = 0
    flagged: int = 0
    model: int = 0
    network: str = ""
    dropped: tuple[int, ...] = (0,) * 3
    told: tuple[int, ...] = (0,) * 6
    """What was said of `counts` so far."""
    ended_ns: int = 0
    """0 = it goes on."""
    suppressed: dict[int, Incident] = field(default_factory=dict)

    @property
    def counts(self) -> tuple[int, ...]:
        """How it is doing, as `QUALITY_MINUTE` has it."""
        return self.scored, self.unscored, self.flagged, *self.dropped

    def take_suppressed(self, suppressed: tuple[Incident, ...] | None) -> list[Incident]:
        """Those of which another thing holds now: they are suppressed, or no longer."""
        if suppressed is None:
            return []
        now = {one.id: one for one in suppressed}
        before, self.suppressed = self.suppressed, now
        return [(now.get(number) or before[number]) for number in now.keys() ^ before.keys()]


class Recorder:
    """Takes batches and findings of one capture at a time, from one thread.

    Parameters
    ----------
    writer : started and closed by whoever made it.
    sensor : who we are.
    packets : whether packets are kept one by one.
    seed : of the detector, kept with every model.
    """

    def __init__(
        self, writer: HistoryWriter, sensor: Sensor, *, packets: bool = False, seed: int = 0
    ) -> None:
        self._writer = writer
        self._sensor = sensor
        self._packets = packets
        self._seed = seed
        self._changed = threading.Condition()
        self._batches: deque[tuple[_Capture, PacketBatch]] = deque()
        self._rows = 0
        self._pending = Parcel()
        self._capture: _Capture | None = None
        self._closing = False
        self._said = 0.0
        self._noted = NoteRows(sensor.number)
        self._notes: Callable[[], Mapping[str, Any]] | None = None
        self.missed = 0
        """Packets that came too fast to be recorded."""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def recording(self) -> bool:
        """Whether a capture is under way."""
        return self._capture is not None and not self._capture.ended_ns

    def begin(
        self,
        source: str,
        identities: Identities | None = None,
        statistics: Callable[[], CaptureStatistics] | None = None,
        names: Callable[[], Iterable[tuple[bytes, Host]]] | None = None,
    ) -> int:
        """A live capture on `source` begins; returns its number in the history.

        Parameters
        ----------
        identities : what its rows' programs and hosts are.
        statistics : what it has lost so far; asked from any thread.
        names : what was learned of addresses' names since it was asked last; likewise.
        """
        self.end()
        number = time.time_ns()
        roll_up = RollUp(self._sensor.number, identities, packets=self._packets)
        with self._changed:
            known = NameRows(self._sensor.number)
            self._capture = _Capture(number, source[:NAME_LENGTH], roll_up, known, statistics, names)
            self._pending.add_row(SENSOR, self._sensor.number, self._sensor.uid, self._sensor.name)
            self._put_status(self._capture)
        return number

    def add(self, batch: PacketBatch) -> None:
        """Packets of the capture under way; without effect while there is none."""
        with self._changed:
            capture = self._capture
            if capture is None or capture.ended_ns or not len(batch):
                return
            if self._rows + len(batch) > MOST_ROWS:
                self.missed += len(batch)
                return
            self._batches.append((capture, batch))
            self._rows += len(batch)
            capture.packets += len(batch)
            capture.bytes += int(batch["length"].sum(dtype="i8"))

    def tell(
        self,
        incidents: Iterable[Incident] = (),
        *,
        model: ModelState | None = None,
        gaps: Iterable[Gap] = (),
        scored: int | None = None,
        unscored: int | None = None,
        flagged: int | None = None,
        suppressed: tuple[Incident, ...] | None = None,
    ) -> None:
        """What was found, and how the capture is doing: packets scored, not scored and flagged so far.

        Parameters
        ----------
        suppressed : all incidents so far that a person said are expected; None = as before.
        """
        with self._changed:
            capture = self._capture
            if capture is None:
                return
            for incident in (*capture.take_suppressed(suppressed), *incidents):
                row = incident_row(incident, suppressed=incident.id in capture.suppressed)
                self._pending.add_row(INCIDENT, self._sensor.number, capture.number, *row)
            for gap in gaps:
                self._pending.add_row(GAP, self._sensor.number, capture.number, *gap_row(gap))
            if model is not None and model.model_id > capture.model:
                capture.model = model.model_id
                row = model_row(model, self._seed)
                self._pending.add_row(MODEL, self._sensor.number, capture.number, *row)
            if model is not None and model.network and model.network != capture.network:
                began = time.time_ns() if capture.network else capture.number
                capture.network = model.network
                self._pending.add_row(NETWORK, self._sensor.number, capture.number, began, model.network)
            capture.scored = capture.scored if scored is None else scored
            capture.unscored = capture.unscored if unscored is None else unscored
            capture.flagged = capture.flagged if flagged is None else flagged

    def note(self, notes: Callable[[], Mapping[str, Any]]) -> None:
        """What a person said of flags is now what `notes` gives, as `NoteRows.add` takes it; asked in our thread."""
        with self._changed:
            self._pending.add_row(SENSOR, self._sensor.number, self._sensor.uid, self._sensor.name)
            self._notes = notes

    def stop(self) -> None:
        """The capture has ended; what is still found in it is told yet."""
        with self._changed:
            if self.recording and self._capture is not None:
                self._put_status(self._capture)
                self._capture.ended_ns = time.time_ns()

    def end(self) -> None:
        """Nothing more is told of the capture."""
        self.stop()
        with self._changed:
            if self._capture is not None and self._capture.counts != self._capture.told:
                self._put_status(self._capture)
            self._capture = None

    def close(self) -> None:
        """Hand everything to the writer and end."""
        self.end()
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing, timeout=EVERY_S)
                closing = self._closing
                capture = self._capture
                changes = capture is not None and (not capture.ended_ns or capture.counts != capture.told)
                if capture is not None and changes and time.monotonic() - self._said > _STATUS_S:
                    self._put_status(capture)
                parcel, self._pending = self._pending, Parcel()
                batches, notes, self._notes = list(self._batches), self._notes, None
                self._batches.clear()
                self._rows = 0
            try:
                if notes is not None:
                    self._noted.add(notes(), time.time_ns(), parcel)
            except Exception:  # noqa: BLE001  # as below
                _log.exception("corrections could not be kept in the history")
            for capture, batch in _fewer(batches):
                try:
                    capture.roll_up.add(batch, capture.number, parcel)
                except Exception:  # noqa: BLE001  # what one batch breaks must not stop the others
                    _log.exception("packets could not be added up")
                    self.missed += len(batch)
            if not self._writer.put(parcel):
                _log.warning("the history has no room for %d rows", parcel.rows)
            if closing:
                return

    def _put_status(self, capture: _Capture) -> None:
        self._said = time.monotonic()
        if capture.names is not None:
            capture.known.add(capture.names(), time.time_ns(), self._pending)
        if capture.statistics is not None and not capture.ended_ns and (lost := capture.statistics()):
            capture.dropped = (lost.dropped_kernel, lost.dropped_queue, lost.dropped_disk)
        self._pending.add_row(
            CAPTURE,
            self._sensor.number,
            capture.number,
            capture.source,
            capture.ended_ns or time.time_ns(),
            capture.packets,
            capture.bytes,
            *capture.dropped,
            capture.unscored,
        )
        counts = capture.counts
        if counts != capture.told:
            minute = time.time_ns() // _MINUTE_NS * 60
            new = (now - before for now, before in zip(counts, capture.told, strict=True))
            self._pending.add_row(QUALITY_MINUTE, minute, self._sensor.number, *new)
            capture.told = counts


def _fewer(batches: list[tuple[_Capture, PacketBatch]]) -> Iterator[tuple[_Capture, PacketBatch]]:
    for _, of_one in groupby(batches, lambda one: id(one[0])):
        mine = list(of_one)
        for batch in fewer(batch for _, batch in mine):
            yield mine[0][0], batch
