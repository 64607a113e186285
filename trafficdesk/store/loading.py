"""Loads the database library, once, for threads that need it at the same moment.

Two threads that import different parts of SQLAlchemy at once find it half made ("partially initialized module"): its
modules import each other, and Python gives up their locks rather than deadlock (seen 2026-11 at every other start).
"""

from __future__ import annotations

import importlib
import threading

_TURN = threading.Lock()


def load_store() -> None:
    """Import what opens a store; call it before any other module of this room is imported in a thread."""
    with _TURN:
        importlib.import_module("trafficdesk.store.database")
