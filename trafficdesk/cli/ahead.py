"""Work one step ahead: the next block is read while this one is decoded; numpy lets go of the GIL in both."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Item = TypeVar("Item")
_DEPTH: Final = 2


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield `items`, produced by a thread at most `_DEPTH` items ahead; their exception follows the last one."""
    ready: queue.Queue[tuple[Item] | BaseException | None] = queue.Queue(_DEPTH)
    stop = threading.Event()

    def put(entry: tuple[Item] | BaseException | None) -> bool:
        while not stop.is_set():
            try:
                ready.put(entry, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        try:
            for item in items:
                if not put((item,)):
                    return
        except BaseException as error:  # noqa: BLE001  # raised again in the consumer's thread
            put(error)
        else:
            put(None)

    thread = threading.Thread(target=produce, name="ahead", daemon=True)
    thread.start()
    try:
        while (entry := ready.get()) is not None:
            if isinstance(entry, BaseException):
                raise entry
            yield entry[0]
    finally:
        stop.set()
        thread.join()
