"""A model's file gives back the model, and anything else is refused in a sentence."""

from __future__ import annotations

import hashlib
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.examples import a_model, clouds
from trafficdesk.classify import model_file
from trafficdesk.classify.classifier import Kind
from trafficdesk.classify.model_file import MAGIC, load, packed, unpacked
from trafficdesk.errors import BadModel


def resealed(body):
    """With a sum of its own: who changes a file with care can write one."""
    return body + hashlib.sha256(body).digest()


def with_header(data, change):
    start = len(MAGIC) + 4
    stop = start + int.from_bytes(data[len(MAGIC) : start], "little")
    header = json.loads(data[start:stop])
    change(header)
    words = json.dumps(header).encode()
    return resealed(MAGIC + len(words).to_bytes(4, "little") + words + data[stop:-32])


@pytest.mark.parametrize("kind", list(Kind))
def test_what_was_written_is_read(kind, tmp_path):
    """Classes, features, report and every probability come back."""
    model = a_model(kind)
    path = tmp_path / "a.tdmodel"
    path.write_bytes(packed(model))
    again = load(path)
    assert (again.kind, again.classes, again.features, again.report, again.seed) == (
        model.kind, model.classes, model.features, model.report, model.seed,
    )  # fmt: skip
    rows = clouds("a", "b", width=len(model.features)).values
    np.testing.assert_array_equal(again.probabilities(rows), model.probabilities(rows))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_one_changed_byte_is_noticed(data):
    """Whatever byte is changed, the file is refused."""
    whole = bytearray(packed(a_model()))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadModel, match="can't be used"):
        unpacked(bytes(whole))


@given(st.integers(0, 2_000))
@settings(max_examples=30, deadline=None)
def test_part_of_a_file_is_refused(octets):
    """A file that is not whole is no model, whether or not its sum is made to fit."""
    whole = packed(a_model())
    for part in (whole[:octets], whole[: -1 - octets], resealed(whole[: len(whole) - 33 - octets])):
        with pytest.raises(BadModel):
            unpacked(part)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_careful_hand_gains_a_wrong_answer_at_most(data):
    """With a new sum, changed bytes are refused or give a model that still answers for every row."""
    body = bytearray(packed(a_model())[:-32])
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(len(MAGIC), len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = unpacked(resealed(bytes(body)))
    except BadModel:
        return
    votes = model.probabilities(np.zeros((3, len(model.features)), np.float32))
    assert votes.shape == (3, len(model.classes))
    assert np.isfinite(votes).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda header: header["features"].reverse(), "other features"),
        (lambda header: header["features"].pop(), "other features"),
        (lambda header: header.update(kind="oracle"), "kind"),
        (lambda header: header.update(classes=["a"]), "arrays|classes"),
        (lambda header: header.update(classes=["a", "a", "b"]), "classes|arrays"),
        (lambda header: header.update(classes=["a", "b", "x" * 100]), "classes"),
        (lambda header: header.update(classes="abc"), "classes"),
        (lambda header: header["arrays"].update(roots=[10**12]), "arrays"),
        (lambda header: header["arrays"].update(roots=[True]), "arrays|all there|more"),
        (lambda header: header["arrays"].update(shares=[3, 10**9]), "arrays"),
        (lambda header: header["arrays"].pop("left"), "arrays"),
        (lambda header: header.update(report=[]), "report"),
        (lambda header: header["report"].update(confusion=[[1]]), "confusion"),
        (lambda header: header["report"]["classes"][0].update(precision=7), "shares"),
        (lambda header: header["report"]["classes"][0].update(rows=-1), "counts"),
        (lambda header: header.update(seed="x"), "seed"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(change, words):
    """Other features, an unknown kind, shapes beyond the file: one sentence says which."""
    with pytest.raises(BadModel, match=words):
        unpacked(with_header(packed(a_model()), change))


def test_a_pickle_is_not_opened(tmp_path):
    """What scikit-learn's users exchange is refused by its first bytes; nothing in it runs."""
    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadModel, match="no model of TrafficDesk"):
        load(path)
    assert not ran.exists()


def test_a_file_beyond_all_measure_is_not_read_whole(tmp_path, monkeypatch):
    """Reading stops at the bound."""
    monkeypatch.setattr(model_file, "MOST_BYTES", 1_000)
    path = tmp_path / "huge.tdmodel"
    path.write_bytes(packed(a_model()))
    with pytest.raises(BadModel, match="larger"):
        load(path)


def test_a_missing_file_has_its_name_in_the_sentence(tmp_path):
    """The environment's fault, not ours."""
    with pytest.raises(BadModel, match=r"gone\.tdmodel can't be read"):
        load(tmp_path / "gone.tdmodel")
