"""Bytes to columns, a whole block of frames at a time; never raises on wire data."""

from __future__ import annotations

from trafficdesk.decode.conversations import Conversations
from trafficdesk.decode.frames import decode, decode_named

__all__ = ["Conversations", "decode", "decode_named"]
