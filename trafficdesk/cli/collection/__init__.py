"""`trafficdesk analyze DIR…`: many captures, each on its own, by many processes or machines; one result of all of them.

`finding` says which files, `task` what is done with one, `pool` and `cluster` where, `journal` keeps what is done, and
`sums` adds it up. What comes out depends on the files and the seed alone, never on who worked on what, or when.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def is_collection(arguments: argparse.Namespace) -> bool:
    """Whether `analyze` is asked for many captures; else it reads its files one after another, as one capture."""
    asked = ("separate", "jobs", "scheduler", "resume", "files_csv")
    return any(getattr(arguments, name) for name in asked) or any(
        os.path.isdir(name) or is_pattern(name)  # noqa: PTH112  # a name may hold what Path refuses
        for name in arguments.files
    )


def is_pattern(name: str) -> bool:
    """Whether a name stands for others: the shell did not spell it out, and no file is called so."""
    return glob.has_magic(name) and not os.path.lexists(name)
