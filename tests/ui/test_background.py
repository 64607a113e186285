"""A piece of work off the window's thread."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject, QThread, QThreadPool, Slot

from trafficdesk.ui.workers.background import Background


class _Asker(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[object, object]] = []
        self.thread_of_answer: object = None

    @Slot(object, object)
    def take(self, key: object, result: object) -> None:
        self.answers.append((key, result))
        self.thread_of_answer = QThread.currentThread()


class _Load:
    """What a piece of work holds on to."""


def test_answers_in_the_windows_thread(qtbot):
    """The work runs elsewhere, its result arrives in the thread that asked."""
    pool, asker = QThreadPool(), _Asker()
    work = Background("key", lambda _progress: threading.get_ident(), "Asking")
    work.signals.done.connect(asker.take)
    work.start(pool)
    qtbot.waitUntil(lambda: bool(asker.answers))
    assert asker.answers[0][0] == "key"
    assert asker.answers[0][1] != threading.get_ident()
    assert asker.thread_of_answer is QThread.currentThread()


def test_nothing_of_a_done_work_is_kept(qtbot):
    """What a piece of work held on to is let go, and its signals with it, when it is done and nobody keeps it."""
    pool, kept = QThreadPool(), []
    for number in range(20):
        load, asker = _Load(), _Asker()
        kept.append(weakref.ref(load))
        work = Background(number, lambda _progress, load=load: load is not None, "Asking")
        work.signals.done.connect(asker.take)
        work.start(pool)
        qtbot.waitUntil(lambda asker=asker: bool(asker.answers))
        del load, work
    qtbot.waitUntil(lambda: not pool.children())
    gc.collect()
    assert [ref() for ref in kept] == [None] * len(kept)
