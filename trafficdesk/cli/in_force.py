"""`InForce`: the settings of this moment, for those who ask when they need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trafficdesk.settings import Settings


@dataclass(slots=True)
class InForce:
    """Replaced as a whole when the settings were read again."""

    settings: Settings
