"""`Raster`: boxes and letters in an array, written as PNG; for pictures where no display and no font is to be had."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GLYPHS: Final = bytes.fromhex(
    "0000000000"
    "00005f0000"
    "0007000700"
    "147f147f14"
    "242a7f2a12"
    "2313086462"
    "3649562050"
    "0008070300"
    "001c224100"
    "0041221c00"
    "2a1c7f1c2a"
    "08083e0808"
    "0080703000"
    "0808080808"
    "0000606000"
    "2010080402"
    "3e5149453e"
    "00427f4000"
    "7249494946"
    "2141494d33"
    "1814127f10"
    "2745454539"
    "3c4a494931"
    "4121110907"
    "3649494936"
    "464949291e"
    "0000140000"
    "0040340000"
    "0008142241"
    "1414141414"
    "0041221408"
    "0201590906"
    "3e415d594e"
    "7c1211127c"
    "7f49494936"
    "3e41414122"
    "7f4141413e"
    "7f49494941"
    "7f09090901"
    "3e41415173"
    "7f0808087f"
    "00417f4100"
    "2040413f01"
    "7f08142241"
    "7f40404040"
    "7f021c027f"
    "7f0408107f"
    "3e4141413e"
    "7f09090906"
    "3e4151215e"
    "7f09192946"
    "2649494932"
    "03017f0103"
    "3f4040403f"
    "1f2040201f"
    "3f4038403f"
    "6314081463"
    "0304780403"
    "6159494d43"
    "007f414141"
    "0204081020"
    "004141417f"
    "0402010204"
    "4040404040"
    "0003070800"
    "2054547840"
    "7f28444438"
    "3844444428"
    "384444287f"
    "3854545418"
    "00087e0902"
    "18a4a49c78"
    "7f08040478"
    "00447d4000"
    "2040403d00"
    "7f10284400"
    "00417f4000"
    "7c04780478"
    "7c08040478"
    "3844444438"
    "fc18242418"
    "18242418fc"
    "7c08040408"
    "4854545424"
    "04043f4424"
    "3c4040207c"
    "1c2040201c"
    "3c4030403c"
    "4428102844"
    "4c9090907c"
    "4464544c44"
    "0008364100"
    "0000770000"
    "0041360800"
    "0201020402"
)
"""Printable ASCII in 5 x 8 dots, a byte a column, lowest bit on top: the letters of early character displays."""
_SCALE: Final = 2
_WIDTH: Final = 6
_HEIGHT: Final = 8

Colour = tuple[int, int, int]


class Raster:
    """A picture of `width` x `height` pixels, all of one colour at first."""

    LINE: Final = _HEIGHT * _SCALE
    """Height of a line of text."""

    def __init__(self, width: int, height: int, colour: Colour) -> None:
        self._pixels = np.empty((height, width, 3), np.uint8)
        self._pixels[:] = colour

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(height, width, 3) red, green, blue."""
        return self._pixels

    @staticmethod
    def text_width(text: str) -> int:
        """Pixels that a text takes in a line."""
        return len(text) * _WIDTH * _SCALE

    def box(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """Fill a rectangle."""
        self._pixels[max(y, 0) : y + height, max(x, 0) : x + width] = colour

    def text(self, x: int, y: int, text: str, colour: Colour) -> None:
        """Write from (x, y), the upper left corner, to the right; what is not ASCII is a question mark."""
        self._stamp(x, y, _dots(text), colour)

    def text_up(self, x: int, y: int, text: str, colour: Colour) -> None:
        """Write upwards from (x, y), the lower left corner."""
        dots = np.rot90(_dots(text))
        self._stamp(x, y - len(dots), dots, colour)

    def png(self) -> bytes:
        """The picture as a file (W3C PNG, third edition): 8 bits a channel, no filter."""
        height, width, _ = self._pixels.shape
        lines = np.zeros((height, 1 + 3 * width), np.uint8)
        lines[:, 1:] = self._pixels.reshape(height, -1)
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )

    def _stamp(self, x: int, y: int, dots: NDArray[np.bool_], colour: Colour) -> None:
        """Colour the pixels of `dots` that lie within the picture."""
        height, width, _ = self._pixels.shape
        top, left = max(-y, 0), max(-x, 0)
        seen = dots[top : max(height - y, 0), left : max(width - x, 0)]
        rows, columns = np.nonzero(seen)
        self._pixels[rows + y + top, columns + x + left] = colour


def _dots(text: str) -> NDArray[np.bool_]:
    """(height, width) the text's pixels."""
    codes = [ord(letter) if 32 <= ord(letter) < 127 else ord("?") for letter in text]
    columns = np.zeros((len(codes), _WIDTH), np.uint8)
    glyphs = np.frombuffer(_GLYPHS, np.uint8).reshape(-1, 5)
    columns[:, :5] = glyphs[np.array(codes, np.int64) - 32] if codes else 0
    bits = np.unpackbits(columns.reshape(-1, 1), axis=1, bitorder="little").T.astype(np.bool_)
    return np.repeat(np.repeat(bits, _SCALE, axis=0), _SCALE, axis=1)
