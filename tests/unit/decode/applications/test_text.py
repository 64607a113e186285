"""Hashes, entropies and lines over flat texts."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.payloads import TCP, Given, workspace_of
from trafficdesk.decode.applications.payload import Payloads
from trafficdesk.decode.applications.text import (
    decimal3,
    entropies,
    give_first_line,
    give_piece,
    name_hashes,
)

TEXTS = st.lists(st.binary(max_size=255), max_size=30)


def _flat(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    return np.frombuffer(b"".join(texts), np.uint8), np.array([len(text) for text in texts], np.int64)


@settings(max_examples=50)
@given(TEXTS)
def test_equal_texts_have_equal_hashes_and_others_different_ones(texts: list[bytes]) -> None:
    """The hash is a function of the lower-cased text alone, wherever it stands; empty texts have 0."""
    hashes = name_hashes(*_flat(texts)).tolist()
    assert len(set(zip(hashes, (text.lower() for text in texts), strict=True))) == len(set(hashes))
    assert all((value == 0) == (not text) for value, text in zip(hashes, texts, strict=True))
    assert hashes == [int(name_hashes(*_flat([text]))[0]) for text in texts]


def test_a_million_like_names_do_not_collide() -> None:
    """Names that differ in a few digits, as generated ones do, all hash differently."""
    names = np.char.add(np.char.mod("%06d", np.arange(200_000)), ".example").astype("S14")
    flat, lengths = names.view(np.uint8), np.full(len(names), 14)
    assert len(np.unique(name_hashes(flat, lengths))) == len(names)


@settings(max_examples=50)
@given(TEXTS)
def test_entropy_is_shannons(texts: list[bytes]) -> None:
    """Bits per character agree with the definition, computed one text at a time."""

    def shannon(text: bytes) -> float:
        counts = Counter(text.lower()).values()
        return -sum(count / len(text) * math.log2(count / len(text)) for count in counts) if text else 0.0

    assert entropies(*_flat(texts)).tolist() == pytest.approx([shannon(text) for text in texts], abs=1e-5)


def test_lines_end_at_the_first_break_or_the_limit() -> None:
    """CR, LF and NUL end a line, the limit cuts it, and an empty first line gives no text."""
    lines = [b"USER a\r\nPASS b", b"x" * 50, b"\r\nx", b"one\0two", b"plain"]
    workspace = workspace_of([Given(TCP, 1, 2, line) for line in lines])
    give_first_line(Payloads.of(workspace, np.arange(len(lines))), 10)
    assert workspace.columns["text_length"].tolist() == [6, 10, 0, 3, 5]
    assert np.concatenate(workspace.text).tobytes() == b"USER axxxxxxxxxxoneplain"


def test_pieces_never_leave_their_payload() -> None:
    """A length that claims more than was captured is cut; a start beyond the end gives nothing."""
    workspace = workspace_of([Given(TCP, 1, 2, b"abcdef"), Given(TCP, 1, 2, b"ghijkl")])
    give_piece(Payloads.of(workspace, np.arange(2)), np.array([4, 70_000]), np.array([200, 5]))
    assert workspace.columns["text_length"].tolist() == [2, 0]


def test_three_digits_are_a_number() -> None:
    """Status codes are read; anything else is 0."""
    workspace = workspace_of([Given(TCP, 1, 2, code) for code in (b"404 ", b"4x4 ", b"22")])
    assert decimal3(Payloads.of(workspace, np.arange(3)), 0).tolist() == [404, 0, 0]
