"""Who is behind a packet: the local program, the peer's name, its country and provider."""

from __future__ import annotations

from trafficdesk.identity.identifier import Identifier
from trafficdesk.identity.identity import Changes, Identity
from trafficdesk.identity.recent import RecentRows

__all__ = ["Changes", "Identifier", "Identity", "RecentRows"]
