"""Words and numbers as one file that can be read without believing it: a header in JSON, then arrays end to end.

Layout: `MAGIC`; length of the header (4 bytes, little endian); the header (JSON, UTF-8), whose `arrays` names type and
shape of each array; the arrays in that order, little endian. Nothing in it can run; a pickle would.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MAGIC: Final = b"TrafficDesk scores 1\n"
MOST_BYTES: Final = 128 << 20
_MOST_HEADER: Final = 1 << 20
_MOST_ARRAYS: Final = 200
_TYPES: Final = frozenset({"<i8", "<i4", "<i2", "|i1", "|u1", "<f8", "<f4"})


def packed(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The file's bytes; arrays have one dimension or two."""
    plain = {
        name: np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for name, array in arrays.items()
    }
    told = {name: [array.dtype.str, *array.shape] for name, array in plain.items()}
    words = json.dumps({**header, "arrays": told}).encode()
    return b"".join([MAGIC, len(words).to_bytes(4, "little"), words, *(a.tobytes() for a in plain.values())])


def unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays of a file's bytes.

    Raises
    ------
    ValueError
        If they are not as `packed` writes them.
    """
    if len(data) > MOST_BYTES or not data.startswith(MAGIC) or len(data) < len(MAGIC) + 4:
        raise ValueError("its scores are not in the form that this version writes")
    start = len(MAGIC) + 4
    stop = start + int.from_bytes(data[len(MAGIC) : start], "little")
    if stop - start > _MOST_HEADER or stop > len(data):
        raise ValueError("its scores' header is broken")
    try:
        header = json.loads(data[start:stop].decode())
    except (ValueError, RecursionError) as error:
        raise ValueError("its scores' header is broken") from error
    told = header.pop("arrays", None) if isinstance(header, dict) else None
    if not isinstance(told, dict) or len(told) > _MOST_ARRAYS:
        raise ValueError("its scores' header is broken")
    arrays, at = {}, stop
    for name, form in told.items():
        arrays[name], at = _array(data, at, form)
    if at != len(data):
        raise ValueError("its scores hold more than they say")
    return header, arrays


def _array(data: bytes, at: int, form: Any) -> tuple[NDArray[Any], int]:
    if not isinstance(form, list) or len(form) not in {2, 3} or form[0] not in _TYPES:
        raise ValueError("its scores' arrays are broken")
    count = 1
    for length in form[1:]:
        if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= MOST_BYTES:
            raise ValueError("its scores' arrays are broken")
        count *= length
    dtype = np.dtype(form[0])
    stop = at + count * dtype.itemsize
    if stop > len(data):
        raise ValueError("its scores are not all there")
    array = np.frombuffer(data, dtype, count, at).reshape(form[1:])
    return array.astype(dtype.newbyteorder("="), copy=False), stop
