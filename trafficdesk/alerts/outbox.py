"""`Outbox`: alerts on their way, until they have arrived or it is no use any more.

The real one is `store.outbox.StoredOutbox`, which survives a crash; the one here is for where there is no disk.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from trafficdesk.store.letter import Letter

MOST: Final = 1_000
"""Letters that wait at most in memory; the oldest give way."""


class Outbox(Protocol):
    """Called from one thread. Every method may raise `StoreError`."""

    def put(self, letter: Letter) -> bool:
        """Take a letter; returns False where one of that fingerprint was taken before, delivered or not."""
        ...

    def renew(self, letter: Letter) -> bool:
        """Take another body and due time of a letter that waits; returns False where it waits no more."""
        ...

    def waiting_bytes(self) -> int:
        """Size of what waits."""
        ...

    def claim(self, now_ns: int, channels: tuple[str, ...]) -> Letter | None:
        """The oldest letter of these channels that is due; nobody else gets it while we live."""
        ...

    def delivered(self, letter: Letter, now_ns: int) -> None:
        """It has arrived."""
        ...

    def postpone(self, letter: Letter, next_ns: int, why: str) -> None:
        """It has not; try again then."""
        ...

    def give_up(self, letter: Letter, now_ns: int, why: str) -> None:
        """It is no use any more."""
        ...

    def hasten(self, channels: tuple[str, ...]) -> None:
        """All that waits for these channels is due now."""
        ...

    def waiting(self) -> int:
        """Letters neither delivered nor given up."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class MemoryOutbox:
    """An outbox that ends with the program."""

    def __init__(self, most: int = MOST) -> None:
        self._letters: deque[Letter] = deque()
        self._seen: dict[str, None] = {}
        self._claimed: set[str] = set()
        self._most = most
        self.dropped = 0
        """Letters that gave way."""

    def put(self, letter: Letter) -> bool:
        """See `Outbox`."""
        if letter.fingerprint in self._seen:
            return False
        self._seen[letter.fingerprint] = None
        if len(self._seen) > 10 * self._most:
            del self._seen[next(iter(self._seen))]
        if len(self._letters) >= self._most:
            self._letters.popleft()
            self.dropped += 1
        self._letters.append(letter)
        return True

    def renew(self, letter: Letter) -> bool:
        """See `Outbox`."""
        for at, one in enumerate(self._letters):
            if one.fingerprint == letter.fingerprint and one.fingerprint not in self._claimed:
                self._letters[at] = replace(one, body=letter.body, next_ns=letter.next_ns)
                return True
        return False

    def waiting_bytes(self) -> int:
        """See `Outbox`."""
        return sum(len(letter.body) for letter in self._letters)

    def claim(self, now_ns: int, channels: tuple[str, ...]) -> Letter | None:
        """See `Outbox`."""
        for one in self._letters:
            if one.next_ns <= now_ns and one.channel in channels and one.fingerprint not in self._claimed:
                self._claimed.add(one.fingerprint)
                return one
        return None

    def delivered(self, letter: Letter, now_ns: int) -> None:  # noqa: ARG002  # as the protocol has it
        """See `Outbox`."""
        self._remove(letter)

    def postpone(self, letter: Letter, next_ns: int, why: str) -> None:  # noqa: ARG002
        """See `Outbox`."""
        self._claimed.discard(letter.fingerprint)
        for at, one in enumerate(self._letters):
            if one.fingerprint == letter.fingerprint:
                self._letters[at] = replace(one, attempts=one.attempts + 1, next_ns=next_ns)

    def give_up(self, letter: Letter, now_ns: int, why: str) -> None:  # noqa: ARG002
        """See `Outbox`."""
        self._remove(letter)

    def hasten(self, channels: tuple[str, ...]) -> None:
        """See `Outbox`."""
        self._letters = deque(
            replace(one, next_ns=0) if one.channel in channels else one for one in self._letters
        )

    def waiting(self) -> int:
        """See `Outbox`."""
        return len(self._letters)

    def close(self) -> None:
        """See `Outbox`."""

    def _remove(self, letter: Letter) -> None:
        self._claimed.discard(letter.fingerprint)
        self._letters = deque(one for one in self._letters if one.fingerprint != letter.fingerprint)
