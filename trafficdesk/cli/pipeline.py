"""Items that have to be made in order, and work on each that can be done anywhere: shared by two processes.

The second process makes the items and lays each into memory that both see. The first one works on it. While nothing is
free to lay an item into, the second process is ahead, and does the item's work itself: so both are busy, whichever takes
longer, making or working. `two_processes` says when that is worthwhile and safe.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
from collections import deque
from enum import IntEnum
from mmap import mmap
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

_SLOTS: Final = 3
"""One that is worked on, and two that wait."""
_SLOT_BYTES: Final = 32 << 20
"""A block of 65,536 packets has 13 MB of columns; memory that is not written to is not used."""


class _Told(IntEnum):
    """What a message holds."""

    ITEM = 0
    RESULT = 1
    FAULT = 2
    END = 3


def made_and_worked(
    items: Callable[[], Iterable[Item]], work: Callable[[Item], Result], *, by_two: bool
) -> Iterator[Result]:
    """`work` of each item, in order; an exception of `items` or `work` comes after the results before it.

    A result must not hold on to the arrays of its item: their memory is used again.
    """
    if not by_two:
        yield from map(work, items())
        return
    slots = [mmap(-1, _SLOT_BYTES) for _ in range(_SLOTS)]
    telling, freeing = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        os.close(telling[0])
        os.close(freeing[1])
        _be_second(items, work, _Sender(slots, telling[1], freeing[0]))
    os.close(telling[1])
    os.close(freeing[0])
    with os.fdopen(telling[0], "rb") as answers, os.fdopen(freeing[1], "wb", 0) as free:
        try:
            yield from _received(answers, free, slots, work)
        finally:
            # A second process that still works finds its pipes broken and ends.
            answers.close()
            free.close()
            os.waitpid(child, 0)


def _received(
    answers: IO[bytes], free: IO[bytes], slots: Sequence[mmap], work: Callable[[Any], Result]
) -> Iterator[Result]:
    while True:
        try:
            told, slot, sizes = pickle.load(answers)  # noqa: S301  # from our own child
        except (EOFError, pickle.UnpicklingError) as error:
            raise ChildProcessError("the second decoding process ended early") from error
        if told is _Told.END:
            return
        content = _content(slots[slot], sizes) if slot is not None else pickle.loads(sizes)  # noqa: S301
        if told is _Told.FAULT:
            raise content
        result: Result = work(content) if told is _Told.ITEM else content
        del content
        if slot is not None:
            with contextlib.suppress(BrokenPipeError):  # it has sent everything and ended
                free.write(bytes((slot,)))
        yield result


def _content(slot: mmap, sizes: Sequence[int]) -> Any:
    """What was laid into a slot: a pickle of the first size, then the arrays it refers to."""
    view, pieces, at = memoryview(slot), [], 0
    for size in sizes:
        pieces.append(view[at : at + size])
        at += _aligned(size)
    return pickle.loads(pieces[0], buffers=pieces[1:])  # noqa: S301  # from our own child


def _aligned(size: int) -> int:
    """Room for `size` bytes, so that what follows lies at a multiple of a cache line."""
    return -(-size // 64) * 64


class _Sender:
    """The second process's side: free slots, and the pipe that tells what lies in them."""

    def __init__(self, slots: Sequence[mmap], telling: int, freed: int) -> None:
        self._slots = slots
        self._out = os.fdopen(telling, "wb")
        self._freed = freed
        self._free = deque(range(len(slots)))

    def has_room(self) -> bool:
        """Whether a slot is free now."""
        while select.select([self._freed], [], [], 0)[0]:
            self._take_back()
        return bool(self._free)

    def _take_back(self) -> None:
        numbers = os.read(self._freed, len(self._slots))
        if not numbers:
            raise BrokenPipeError("the first process reads no more")
        self._free.extend(numbers)

    def send(self, told: _Told, content: Any) -> None:
        """Lay `content` into a slot, and say so; what is too large for one goes through the pipe."""
        arrays: list[pickle.PickleBuffer] = []
        # An item's arrays are worked on where they lie; what outlives its slot has to be one piece, which is copied.
        apart = arrays.append if told is _Told.ITEM else None
        body = pickle.dumps(content, pickle.HIGHEST_PROTOCOL, buffer_callback=apart)
        pieces = [memoryview(body), *(array.raw() for array in arrays)]
        sizes = [len(piece) for piece in pieces]
        if sum(map(_aligned, sizes)) > _SLOT_BYTES:
            self._tell(told, None, pickle.dumps(content, pickle.HIGHEST_PROTOCOL))
            return
        while not self._free:
            self._take_back()
        slot = self._free.popleft()
        at = 0
        for piece in pieces:
            self._slots[slot][at : at + len(piece)] = piece
            at += _aligned(len(piece))
        self._tell(told, slot, sizes)

    def end(self) -> None:
        """Say that nothing more comes."""
        self._tell(_Told.END, None, b"")

    def _tell(self, told: _Told, slot: int | None, what: Sequence[int] | bytes) -> None:
        pickle.dump((told, slot, what), self._out, pickle.HIGHEST_PROTOCOL)
        self._out.flush()


def _be_second(items: Callable[[], Iterable[Item]], work: Callable[[Item], Result], sender: _Sender) -> None:
    """Life of the second process; never returns."""
    try:
        try:
            for item in items():
                if sender.has_room():
                    sender.send(_Told.ITEM, item)
                else:
                    sender.send(_Told.RESULT, work(item))
            sender.end()
        except TrafficDeskError as fault:
            sender.send(_Told.FAULT, fault)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # the first process wants no more
    except BaseException:  # noqa: BLE001  # a forked child must not fall back into the parent's code
        os._exit(1)
    os._exit(0)
