"""Text from the network made fit for a person's eyes: nothing in it can hide, reorder or control anything."""

from __future__ import annotations

from typing import Final

LIMIT: Final = 300
"""Characters of a printable text unless told otherwise."""
_INVISIBLE: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)))
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))
"""Characters that Python calls printable but that show nothing (Unicode 15, Default_Ignorable_Code_Point, and the
blank Braille pattern)."""


def printable(raw: bytes, limit: int = LIMIT) -> str:
    """UTF-8 text with control, bidirectional and other invisible characters, and invalid bytes, as escapes.

    At most `limit` characters; a longer text ends in an ellipsis.
    """
    return shown(raw[: limit * 4 + 4].decode("utf-8", "backslashreplace"), limit)


def shown(text: str, limit: int = LIMIT) -> str:
    """`text` as `printable` shows it."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_visible, text[: limit + 1]))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _visible(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
