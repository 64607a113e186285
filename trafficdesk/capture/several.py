"""Several interfaces captured on as one source, and `open_interfaces`, which opens what a person named."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from functools import partial, reduce
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.capture.interfaces import ANY, interface_names
from trafficdesk.capture.source import CaptureStatistics, added
from trafficdesk.capture.steady import SteadySource
from trafficdesk.errors import InterfaceNotFound
from trafficdesk.packets.block import FrameBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trafficdesk.capture.link_watch import LinkWatch
    from trafficdesk.capture.source import Gap, LiveSource
    from trafficdesk.settings.declared import CaptureSettings

_log = logging.getLogger(__name__)


def open_interfaces(
    interfaces: str,
    settings: CaptureSettings,
    open_one: Callable[[str, CaptureSettings], LiveSource] | None = None,
) -> SteadySource | SeveralSources:
    """Capture on one interface or several, whatever happens to them later.

    Parameters
    ----------
    interfaces : names, separated by commas.
    open_one : opens a source on one interface; None = `live.open_live`.

    Raises
    ------
    PermissionDenied, InterfaceNotFound, BadCaptureFilter, CaptureError
        If one of them can't be opened; then none is.
    """
    from trafficdesk.capture.live import open_live

    names = interface_names(interfaces)
    if not names:
        raise InterfaceNotFound("No interface is named.", "Choose one of: trafficdesk interfaces")
    opening = partial(_open, settings=settings, opener=open_one or open_live)
    opened: list[SteadySource] = []
    try:
        for name in names:
            opened.append(SteadySource(name, opening, _watch(name)))  # noqa: PERF401  # those before must be closed
    except BaseException:
        for source in opened:
            source.close()
        raise
    return opened[0] if len(opened) == 1 else SeveralSources(opened)


class SeveralSources:
    """Sources read as one; see `LiveSource` and `Enduring`.

    Their frames are merged in order of time within one reading, and know their interface by number.

    Parameters
    ----------
    sources : at least one, each on one interface.
    """

    def __init__(self, sources: Sequence[SteadySource]) -> None:
        self._sources = tuple(sources)
        self._turn = 0

    @property
    def name(self) -> str:
        """All names."""
        return ", ".join(self.interfaces)

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names by number."""
        return tuple(source.name for source in self._sources)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Spans in which one of them could not be captured on, by beginning."""
        every = [gap for source in self._sources for gap in source.gaps]
        return tuple(sorted(every, key=lambda gap: (gap.start_ns, gap.interface)))

    @property
    def waiting(self) -> str:
        """Which are waited for."""
        return "; ".join(filter(None, (source.waiting for source in self._sources)))

    def read(self, timeout_s: float) -> FrameBlock | None:
        """What all of them have; waits up to `timeout_s` where none has anything."""
        blocks = self._sweep()
        if not blocks:
            # Each in turn is waited for, so that the first frame on any of them is here soon.
            for _ in self._sources:
                self._turn = (self._turn + 1) % len(self._sources)
                block = self._sources[self._turn].read(timeout_s / len(self._sources))
                if block is not None:
                    blocks = [_of_interface(block, self._turn), *self._sweep()]
                    break
        return merged(blocks) if blocks else None

    def refilter(self, expression: str) -> None:
        """See `Refilterable`; where one of several can't, those before it have changed."""
        for source in self._sources:
            source.refilter(expression)

    def statistics(self) -> CaptureStatistics:
        """Counters of all since the capture began."""
        return reduce(added, self.statistics_by_interface().values(), CaptureStatistics())

    def statistics_by_interface(self) -> dict[str, CaptureStatistics]:
        """Counters of each."""
        return {source.name: source.statistics() for source in self._sources}

    def close(self) -> None:
        """Give the interfaces back; may be called twice."""
        for source in self._sources:
            source.close()

    def _sweep(self) -> list[FrameBlock]:
        blocks = []
        for number, source in enumerate(self._sources):
            block = source.read(0.0)
            if block is not None:
                blocks.append(_of_interface(block, number))
        return blocks


def merged(blocks: Sequence[FrameBlock]) -> FrameBlock:
    """Blocks of different interfaces as one, in order of time; equal times stay in the blocks' order."""
    whole = FrameBlock.joined(blocks)
    if len(blocks) == 1:
        return whole
    order = np.argsort(whole.timestamps_ns, kind="stable")
    return replace(
        whole,
        offsets=whole.offsets[order],
        captured_lengths=whole.captured_lengths[order],
        wire_lengths=whole.wire_lengths[order],
        timestamps_ns=whole.timestamps_ns[order],
        link_types=whole.link_types[order],
        interfaces=whole.interfaces[order],
    )


def _of_interface(block: FrameBlock, number: int) -> FrameBlock:
    return replace(block, interfaces=np.full(len(block), number, np.uint16)) if number else block


def _open(
    name: str, settings: CaptureSettings, opener: Callable[[str, CaptureSettings], LiveSource]
) -> LiveSource:
    return opener(name, settings)


def _watch(name: str) -> LinkWatch | None:
    """The link's watch where the system has one."""
    if sys.platform != "linux" or name == ANY:
        return None
    from trafficdesk.capture.link_watch import LinkWatch

    try:
        return LinkWatch(name)
    except OSError as error:
        _log.warning("the link of %s can't be watched: %s", name, error)
        return None
