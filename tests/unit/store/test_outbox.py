"""`store.outbox`: a letter is taken once, given to one, and free again when that one has died."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trafficdesk.store.letter import Letter
from trafficdesk.store.outbox import KEPT_NS, StoredOutbox

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def outbox(tmp_path):
    box = StoredOutbox(tmp_path)
    yield box
    box.close()


def letter(name: str, *, at: int = 1, due: int = 0, channel: str = "e-mail") -> Letter:
    return Letter(name, channel, f"body of {name}", at, next_ns=due)


def test_a_letter_is_taken_once(outbox):
    """Also after it was delivered."""
    assert outbox.put(letter("a"))
    assert not outbox.put(letter("a"))
    outbox.delivered(outbox.claim(5, ("e-mail",)), 6)
    assert not outbox.put(letter("a"))
    assert outbox.claim(7, ("e-mail",)) is None
    assert outbox.waiting() == 0


def test_the_oldest_that_is_due_comes_first(outbox):
    """Of the channels asked for; what is not due waits."""
    outbox.put(letter("late", at=1, due=100))
    outbox.put(letter("second", at=3))
    outbox.put(letter("first", at=2))
    outbox.put(letter("other", at=1, channel="webhook"))
    got = [outbox.claim(50, ("e-mail",)) for _ in range(3)]
    assert [one and one.fingerprint for one in got] == ["first", "second", None]
    assert outbox.claim(100, ("e-mail",)).fingerprint == "late"


def test_a_failure_counts_and_waits(outbox):
    """Postponed until its time, or until all is hastened."""
    outbox.put(letter("a"))
    outbox.postpone(outbox.claim(1, ("e-mail",)), 100, "server away")
    assert outbox.claim(99, ("e-mail",)) is None
    outbox.hasten(("e-mail",))
    again = outbox.claim(99, ("e-mail",))
    assert again.attempts == 1
    outbox.give_up(again, 100, "no use")
    assert outbox.waiting() == 0


def test_what_was_delivered_is_forgotten_in_time(outbox):
    """The file does not grow for ever."""
    outbox.put(letter("a"))
    outbox.delivered(outbox.claim(1, ("e-mail",)), 2)
    assert outbox.claim(KEPT_NS + 10, ("e-mail",)) is None
    assert outbox.put(letter("a"))


def test_what_was_given_up_is_forgotten_in_time(outbox):
    """What nobody could be told is not kept for ever either."""
    outbox.put(letter("a"))
    outbox.give_up(outbox.claim(1, ("e-mail",)), 2, "no use")
    assert not outbox.put(letter("a"))
    assert outbox.claim(KEPT_NS + 10, ("e-mail",)) is None
    assert outbox.put(letter("a"))


def test_letters_are_for_their_owner_only(outbox, tmp_path):
    """They hold what was found, with rows as evidence."""
    outbox.put(letter("a"))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("outbox.db*")} == {0o600}


_CLAIM = """
import sys, time
from pathlib import Path
from trafficdesk.store.outbox import StoredOutbox
print(StoredOutbox(Path(sys.argv[1])).claim(5, ("e-mail",)).fingerprint, flush=True)
time.sleep(60)
"""


def test_a_dead_senders_letter_is_free_again(outbox, tmp_path):
    """While it lives nobody else gets it."""
    outbox.put(letter("a"))
    command = [sys.executable, "-c", _CLAIM, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as other:
        assert other.stdout.readline().strip() == "a"
        assert outbox.claim(5, ("e-mail",)) is None
        other.kill()
        other.wait()
        assert outbox.claim(5, ("e-mail",)).fingerprint == "a"
