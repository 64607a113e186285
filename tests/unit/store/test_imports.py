"""Threads that begin with different parts of the store at the same moment each get all of it."""

from __future__ import annotations

import subprocess
import sys

RACE = """
import importlib.abc, sys, threading, time
import trafficdesk.errors, trafficdesk.store

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "sqlalchemy":
            begun.set()
            time.sleep(0.2)

def first():
    import trafficdesk.store.outbox
    done.append(1)

def second():
    begun.wait()
    import trafficdesk.store.keeping
    done.append(2)

begun, done = threading.Event(), []
sys.meta_path.insert(0, Slow())
threads = [threading.Thread(target=one) for one in (first, second)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert sorted(done) == [1, 2], done
"""


def test_alerts_and_history_begin_at_once() -> None:
    """Whichever thread imports SQLAlchemy first, neither finds it half done."""
    command = [sys.executable, "-c", RACE]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
