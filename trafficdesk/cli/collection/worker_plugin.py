"""The half of `cluster` that runs on a Dask worker; imports `distributed`, which only those have who have a cluster."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

from distributed import WorkerPlugin, get_worker
from threadpoolctl import threadpool_limits

from trafficdesk.cli.collection.task import UNREADABLE, analysed, without_result

if TYPE_CHECKING:
    from trafficdesk.cli.collection.task import Conditions, Outcome, Task


class Delivered(WorkerPlugin):
    """What every file of a run needs, on each worker, those that join later too."""

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions


def analysed_there(task: Task, delivered: str) -> Outcome:
    """Analyse a file that has to be what it is where it was found."""
    plugin: Any = get_worker().plugins[delivered]
    conditions: Conditions = plugin.conditions
    try:
        size: int | None = os.stat(task.path).st_size  # noqa: PTH116
    except (OSError, ValueError):
        size = None
    if size is None and task.size:
        return _elsewhere("is not there")
    if size is not None and task.size and size != task.size:
        return _elsewhere(f"has {size:,} bytes instead of {task.size:,}")
    with threadpool_limits(limits=1):  # there are other tasks beside this one
        return analysed(task.path, conditions)


def _elsewhere(what: str) -> Outcome:
    return without_result(
        UNREADABLE,
        f"On the cluster's worker {socket.gethostname()} the file {what}. "
        "Files must lie under the same path on every worker.",
    )
