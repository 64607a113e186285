"""Application protocols: one file each, one literal list, recognised by payload first and by port second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.decode.workspace import Workspace

APPLICATIONS: Final[tuple[Callable[[Workspace], None], ...]] = ()
"""Every application protocol that is recognised."""


def recognise(workspace: Workspace) -> None:
    """Name the application of every row with transport payload and fill its application columns."""
    for application in APPLICATIONS:
        application(workspace)
