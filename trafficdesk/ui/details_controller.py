"""From the selected packet to its bytes, at once, and its layers, which a thread dissects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QThreadPool, Slot

from trafficdesk.ui.panels.details import NOT_KEPT, NOTHING_SELECTED
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.source import Frame, FrameStore
    from trafficdesk.decode.dissect import DissectedLayer
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.panels.details import DetailsPane

_STOP_WAIT_MS = 2_000


class DetailsController(QObject):
    """Shows one packet; while a dissection runs only the newest request waits.

    Parameters
    ----------
    frames : the store of the present capture, or None.
    session : knows who is behind a packet; None = nobody says.
    """

    def __init__(
        self,
        pane: DetailsPane,
        frames: Callable[[], FrameStore | None],
        parent: QObject | None = None,
        *,
        session: AnalysisSession | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._makers = ""
        self._pane = pane
        self._frames = frames
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: Background | None = None
        self._wanted: tuple[int, Frame] | None = None
        self._shown: int | None = None

    @Slot(object)
    def show(self, packet_id: int | None) -> None:
        """Show a packet; None shows that none is selected."""
        if packet_id is not None and packet_id == self._shown:
            return
        self._shown = packet_id
        self._makers = ""
        self._wanted = None
        store = self._frames()
        frame = store.frame(packet_id) if store is not None and packet_id is not None else None
        if packet_id is None:
            self._pane.show_sentence(NOTHING_SELECTED)
        elif frame is None:
            self._pane.show_sentence(NOT_KEPT)
        else:
            self._pane.show_bytes(frame.data)
            self.show_comment()
            self._wanted = (packet_id, frame)
            self.show_who()
            self._dissect()

    @Slot()
    def show_who(self) -> None:
        """Say who is behind the packet that is shown, as far as it is known by now."""
        if self._shown is not None and self._session is not None:
            who = self._session.describer.who(self._shown)
            self._pane.show_who(" · ".join(filter(None, (who, self._makers))))

    @Slot()
    def show_comment(self) -> None:
        """Say what is said of the packet that is shown."""
        if self._shown is not None and self._session is not None:
            self._pane.show_comment(self._session.notes.comment(self._shown))

    def shut_down(self) -> None:
        """Wait for the dissection under way."""
        self._wanted = None
        self._pool.waitForDone(_STOP_WAIT_MS)

    def _dissect(self) -> None:
        if self._running is not None or self._wanted is None:
            return
        (packet_id, frame), self._wanted = self._wanted, None
        addresses = self._link_addresses(packet_id)
        self._running = Background(
            packet_id, lambda _progress: (_dissected(frame), _makers(addresses)), "Dissecting a packet"
        )
        self._running.signals.done.connect(self._on_done)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    def _link_addresses(self, packet_id: int) -> tuple[int, ...]:
        if self._session is None or not self._session.log.first_id <= packet_id < self._session.log.end_id:
            return ()
        at = np.array([packet_id])
        return tuple(
            int(self._session.log.column(f"{side}_mac", at)[0]) for side in ("source", "destination")
        )

    @Slot(object, object)
    def _on_done(self, packet_id: int, result: tuple[tuple[DissectedLayer, ...], str]) -> None:
        self._running = None
        if packet_id == self._shown:
            layers, self._makers = result
            self._pane.show_layers(layers)
            self.show_who()
        self._dissect()

    @Slot(object, object)
    def _on_failed(self, _packet_id: int, _error: TrafficDeskError) -> None:
        # The bytes are there and the log has the cause; a banner for one packet's tree would be too much.
        self._running = None
        self._dissect()


def _dissected(frame: Frame) -> tuple[DissectedLayer, ...]:
    from trafficdesk.decode.dissect import dissect

    return dissect(frame)


def _makers(addresses: tuple[int, ...]) -> str:
    """Who made the network cards of both ends, where one is known: "hardware: Apple, Inc. → AVM GmbH"."""
    from trafficdesk.decode.manufacturers import manufacturer

    names = [manufacturer(address) for address in addresses]
    return f"hardware: {' → '.join(name or '?' for name in names)}" if any(names) else ""
