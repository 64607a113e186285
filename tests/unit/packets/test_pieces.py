"""Lines joined from pieces."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.packets.pieces import Piece, constant, decimals, hexadecimals16, join, labels, ports, table

COLUMNS = st.integers(1, 6).flatmap(
    lambda rows: st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=9), min_size=rows, max_size=rows
        ),
        min_size=1,
        max_size=5,
    )
)


def _lines(rows: int, pieces: list[Piece]) -> list[str]:
    return [row.tobytes().rstrip(b"\0").decode() for row in join(rows, pieces)]


@given(COLUMNS)
def test_pieces_stand_one_after_another(columns: list[list[str]]) -> None:
    """A row's line is its pieces in order, of whatever lengths, and no row touches the next."""
    expected = ["".join(parts) for parts in zip(*columns, strict=True)]
    assert _lines(len(columns[0]), [table(column) for column in columns]) == expected


@given(st.lists(st.integers(0, 10**12 - 1) | st.integers(0, 20_000), min_size=1, max_size=30))
def test_decimals_are_pythons(numbers: list[int]) -> None:
    """Digits agree with str() for numbers of any size."""
    assert _lines(len(numbers), decimals(np.array(numbers))) == [str(number) for number in numbers]


def test_every_port_and_16_bit_number_is_spelled() -> None:
    """The tables hold every value."""
    numbers = np.arange(1 << 16)
    assert ports().of(numbers).items.astype(str).tolist() == [str(number) for number in range(1 << 16)]
    assert hexadecimals16(numbers).items.astype(str).tolist() == [
        f"0x{number:04x}" for number in range(1 << 16)
    ]
    assert set(ports().lengths.tolist()) == {1, 2, 3, 4, 5}


def test_labels_name_each_key_once() -> None:
    """The name is asked for once per distinct key, in small batches and big ones."""
    for repeat in (3, 3000):
        asked: list[int] = []

        def name(key: int, asked: list[int] = asked) -> str:
            asked.append(key)
            return f"<{key}>"

        keys = np.tile(np.array([7, 0, 65535], np.uint16), repeat)
        assert _lines(len(keys), [labels(keys, name)]) == ["<7>", "<0>", "<65535>"] * repeat
        assert sorted(asked) == [0, 7, 65535]


def test_a_piece_can_be_left_out_by_row() -> None:
    """`only` empties the other rows, also of a constant."""
    where = np.array([True, False])
    assert _lines(2, [constant("a").only(where), constant("b")]) == ["ab", "b"]
