"""`store.loading`: threads that need the database library at the same moment both get it whole."""

from __future__ import annotations

import subprocess
import sys

_BOTH = """
import sys, threading
sys.setswitchinterval(1e-5)
from trafficdesk.store.loading import load_store
failed = []
gate = threading.Barrier(2)
def get(name):
    gate.wait()
    try:
        load_store()
        __import__(name)
    except ImportError as error:
        failed.append(error)
threads = [threading.Thread(target=get, args=(name,)) for name in ("trafficdesk.store.keeping", "trafficdesk.store.outbox")]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit(str(failed) if failed else 0)
"""


def test_two_threads_load_at_once() -> None:
    """Neither finds it half made."""
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", _BOTH], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
