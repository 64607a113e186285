"""Classifiers beside rules and forest: what they say of rows, and that they change nothing else."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pytest

from tests.helpers.examples import a_model
from tests.helpers.planted import SYN, Traffic, ordinary
from trafficdesk.classify.classifier import NORMAL, Kind
from trafficdesk.classify.conversations import ConversationCollector
from trafficdesk.classify.examples import Examples
from trafficdesk.classify.model_file import packed, unpacked
from trafficdesk.classify.training import train
from trafficdesk.detect.correction_questions import LookAt
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.labelling import Pointed, label_of
from trafficdesk.detect.labels import Label, RowSnapshot, Stance
from trafficdesk.detect.training_questions import TooLittle, TrainOnLabels, WhatLooksLike
from trafficdesk.features import FEATURES, FeatureExtractor
from trafficdesk.packets.protocol import Protocol
from trafficdesk.settings import DetectionSettings

QUICK = DetectionSettings(warm_up_rows=1_000, refit_rows=500, trees=25, samples=64, seed=7)


def scans():
    """Everyday traffic with three port scans, and which rows are theirs."""
    traffic = ordinary(400, seed=4)
    for start in (150, 250, 350):
        for port in range(60):
            traffic.tcp(start + port * 0.05, "10.0.0.77", 50_000, "10.0.0.8", 100 + port, SYN)
    batch = traffic.batch()
    return batch, batch["source_port"] == 50_000


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A model of the first two scans, the batch and which rows are scans."""
    batch, scan = scans()
    values = FeatureExtractor().update(batch)
    minute = (batch["timestamp_ns"] - batch["timestamp_ns"][0]) // 60_000_000_000
    early = minute < 5
    names = np.where(scan, "my scan", NORMAL)[early].tolist()
    model = train(
        Examples.given(values[early], names, (minute * 2 + scan)[early].tolist()), Kind.LABEL, seed=1
    )
    path = tmp_path_factory.mktemp("models") / "label.tdmodel"
    path.write_bytes(packed(model))
    return path, batch, scan


def test_rows_like_those_shown_are_said_to_be(taught):
    """A later scan looks like the earlier ones, ordinary rows like nothing, and no score changes by it."""
    path, batch, scan = taught
    plain = Detector(QUICK).process(batch)
    beside = Detector(dataclasses.replace(QUICK, label_model=str(path))).process(batch)
    late = np.flatnonzero(scan)[-50:]
    assert np.isin(late, beside.label.ids).mean() > 0.9
    assert np.isin(beside.label.ids, np.flatnonzero(scan)).mean() > 0.9
    assert beside.label.names == (NORMAL, "my scan")
    for name in ("score", "verdict", "family", "incident"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(beside, name))
    assert not len(plain.label)


def test_steps_of_any_size_say_the_same(taught):
    """Live batches are told what the whole file is."""
    path, batch, _ = taught
    settings = dataclasses.replace(QUICK, label_model=str(path))
    whole = Detector(settings).process(batch).label
    detector = Detector(settings)
    parts = [
        detector.process(batch.slice(at, min(at + 333, len(batch)))).label for at in range(0, len(batch), 333)
    ]
    np.testing.assert_array_equal(whole.ids, np.concatenate([part.ids for part in parts]))


@pytest.mark.parametrize("content", [b"", b"no model", packed(a_model(Kind.PROTOCOL))])
def test_a_file_that_can_not_be_used_is_passed_over(tmp_path, caplog, content):
    """Broken or of the other kind: analysis goes on without, and the log says why."""
    path = tmp_path / "x.tdmodel"
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        detector = Detector(dataclasses.replace(QUICK, label_model=str(path)))
    assert detector.lookalikes.models == ()
    assert str(path) in caplog.text
    caplog.clear()


def test_a_model_is_taken_up_and_laid_down_with_the_settings(taught):
    """Other settings name another file, or none."""
    path, batch, _ = taught
    detector = Detector(QUICK)
    detector.set_settings(dataclasses.replace(QUICK, label_model=str(path)))
    assert len(detector.process(batch).label)
    assert len(WhatLooksLike().answered(detector))
    detector.set_settings(QUICK)
    assert not len(WhatLooksLike().answered(detector))


def chatter(seed, *, named):
    """DNS-like and TLS-like conversations on odd ports; `named`: the decoder knew them."""
    traffic, random = Traffic(), np.random.default_rng(seed)
    for number in range(60):
        at, port = number * 0.5, 20_000 + number
        dns = {"protocol": Protocol.DNS} if named else {}
        tls = {"protocol": Protocol.TLS} if named else {}
        question, answer = random.integers(20, 60), random.integers(60, 300)
        traffic.udp(at, "10.0.0.1", port, "10.0.0.9", 9_953, payload_length=question, **dns)
        traffic.udp(at + 0.02, "10.0.0.9", 9_953, "10.0.0.1", port, payload_length=answer, **dns)
        traffic.add(at, "10.0.0.1", "10.0.0.5", ip_protocol=6, protocol=Protocol.TCP, source_port=port, destination_port=9_443, tcp_flags=SYN)  # fmt: skip
        for step, size in enumerate([random.integers(200, 600), -random.integers(1_000, 1_448), 80, -300]):
            ends = ("10.0.0.1", "10.0.0.5") if size > 0 else ("10.0.0.5", "10.0.0.1")
            ports = (port, 9_443) if size > 0 else (9_443, port)
            base = {"ip_protocol": 6, "protocol": Protocol.TCP, "tcp_flags": 16, "payload_length": abs(size)}
            ported = {"source_port": ports[0], "destination_port": ports[1]}
            traffic.add(at + 0.03 * (step + 1), *ends, **(base | ported | tls))
    return traffic.batch()


def test_applications_are_told_by_their_behaviour(tmp_path):
    """Conversations that the decoder could not name behave like those that it could, whatever their ports."""
    named = chatter(1, named=True)
    collector = ConversationCollector(1)
    collector.begin_capture()
    collector.add(named, FeatureExtractor().observe(named))
    examples = collector.examples()
    assert examples.names == ("DNS", "TLS")
    model = train(examples, Kind.PROTOCOL, seed=1)
    path = tmp_path / "p.tdmodel"
    path.write_bytes(packed(model))
    settings = dataclasses.replace(QUICK, protocol_model=str(path))
    batch = chatter(2, named=False)
    said = Detector(settings).process(batch).application
    truth = np.where(batch["ip_protocol"] == 17, "DNS", "TLS")
    told = np.array(said.names)[said.number]
    assert len(said) > 0.3 * len(batch)
    assert (told == truth[said.ids]).mean() > 0.95
    # What the decoder named needs no guess.
    assert not len(Detector(settings).process(named).application)
    detector = Detector(settings)
    parts = [
        detector.process(batch.slice(at, min(at + 37, len(batch)))).application
        for at in range(0, len(batch), 37)
    ]
    np.testing.assert_array_equal(said.ids, np.concatenate([part.ids for part in parts]))


def a_label(number, values, name="my scan", ids=(0, 0)):
    ends = np.full(len(values), 5, np.int64)
    known, ones = tuple(feature.name for feature in FEATURES), np.ones(len(FEATURES), np.float32)
    rows = RowSnapshot(known, values, ends, ends, np.zeros(len(values), np.uint8), ones, ones)
    return Label(
        number, Stance.SUSPICIOUS, name, "port scan", "10.0.0.77", *ids, len(values), 0, rows, 5, ends[:1]
    )


def test_a_persons_labels_train_in_the_detector(taught):
    """Labels of two scans against the capture's ordinary rows; too few of them say what is missing."""
    _, batch, scan = taught
    values = FeatureExtractor().update(batch)
    rows = np.flatnonzero(scan)
    detector = Detector(QUICK)
    detector.process(batch)
    labels = tuple(a_label(number + 1, values[rows[number * 60 :][:60]]) for number in range(2))
    answer = TrainOnLabels(labels, 1).answered(detector)
    model = unpacked(answer.model)
    assert model.classes == (NORMAL, "my scan")
    assert answer.report == model.report
    late = model.say(values[rows[120:]])
    assert (late.number == 1).mean() > 0.8
    assert isinstance(TrainOnLabels(labels[:1], 1).answered(detector), TooLittle)
    assert isinstance(TrainOnLabels((), 1).answered(Detector(QUICK)), TooLittle)


def test_labels_of_this_capture_are_learned_from_all_their_rows(taught):
    """A label keeps few rows; those of the present capture are remembered, those of another one are only the few."""
    _, batch, scan = taught
    detector = Detector(QUICK)
    detector.process(batch)
    rows = np.flatnonzero(scan)
    labels = tuple(
        label_of(
            number + 1,
            Pointed(Stance.SUSPICIOUS, "my scan", "port scan", "10.0.0.77", 60, 0),
            LookAt(batch.ids[rows[number * 60 :][:60]]).answered(detector),
        )
        for number in range(3)
    )
    assert sum(len(label.rows) for label in labels) < 50
    answer = TrainOnLabels(labels, 1).answered(detector)
    scans = next(one for one in answer.report.classes if one.name == "my scan")
    assert (scans.groups, scans.rows >= 100, scans.recall > 0.8) == (3, True, True)
    # Another capture has other packets under the same numbers.
    other = Detector(QUICK)
    other.process(ordinary(400, seed=9).batch())
    assert isinstance(TrainOnLabels(labels, 1).answered(other), TooLittle)
