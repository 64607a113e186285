"""Who is behind a packet: the local program, the peer's name, its country and provider."""

from __future__ import annotations

from trafficdesk.identity.identity import Changes, Identity

__all__ = ["Changes", "Identity"]
