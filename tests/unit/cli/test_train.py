"""`train` and `classify`: captures and labels in, a model, its report and what it says out."""

from __future__ import annotations

import csv
import json
import struct
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

from trafficdesk import cli
from trafficdesk.capture.synthetic import generate
from trafficdesk.classify.model_file import load
from trafficdesk.cli.exit_codes import Exit
from trafficdesk.paths import sample_capture


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """The sample's ground truth, packet by packet; the port scan's halves are called two names to have two."""
    sample = generate()
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["index", "label", "family"])
        for number, incident in enumerate(sample.incidents, start=1):
            family = sample.truths[incident - 1].family if incident else ""
            out.writerow([number, "attack" if incident else "benign", family])
    return path


@pytest.fixture(scope="module")
def trained(labels, tmp_path_factory):
    """The model's path, the report and the picture of a training on the sample."""
    folder = tmp_path_factory.mktemp("trained")
    paths = [folder / name for name in ("m.tdmodel", "report.json", "matrix.png")]
    code = cli.main(
        [
            "train",
            str(sample_capture()),
            "--labels",
            str(labels),
            "-o",
            str(paths[0]),
            "--json",
            str(paths[1]),
            "--picture",
            str(paths[2]),
        ]
    )
    assert code == Exit.DONE
    return paths


def test_train_writes_a_model_and_its_report(trained):
    """The report in the file is the one that was written, counts add up, and normal is recognised."""
    model_path, report_path, _ = trained
    model, report = load(model_path), json.loads(report_path.read_text())
    assert report["confusion"] == [list(row) for row in model.report.confusion]
    assert report["features"] == list(model.features)
    assert {one["name"] for one in report["classes"]} >= {"normal", "port scan"}
    normal = report["classes"][0]
    assert normal["name"] == "normal"
    assert normal["recall"] > 0.9
    for one, row in zip(report["classes"], report["confusion"], strict=True):
        assert one["tested"] == sum(row)
        assert one["recall"] is None or one["recall"] == pytest.approx(
            row[report["classes"].index(one)] / sum(row)
        )


def test_the_picture_is_a_whole_png(trained):
    """Signature, sums and size; and it shows more than its background."""
    data = trained[2].read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    pixels = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)[:, 1:]
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 4


def test_classify_says_what_rows_look_like(trained, labels, tmp_path):
    """A row for every packet, names only where something is said, and a comparison with labels."""
    rows_path, json_path, picture = tmp_path / "rows.csv", tmp_path / "c.json", tmp_path / "c.svg"
    code = cli.main(
        [
            "classify",
            str(sample_capture()),
            "--model",
            str(trained[0]),
            "--labels",
            str(labels),
            "--csv",
            str(rows_path),
            "--json",
            str(json_path),
            "--picture",
            str(picture),
        ]
    )
    assert code == Exit.DONE
    with rows_path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    sample = generate()
    assert len(rows) == len(sample.incidents)
    said = json.loads(json_path.read_text())
    assert said["packets"] == len(rows)
    for name, count in said["looks_like"].items():
        assert sum(row["looks_like"] == name for row in rows) == count
    assert all((row["looks_like"] == "") == (row["likeness"] == "") for row in rows)
    assert all(0.5 <= float(row["likeness"]) <= 1 for row in rows if row["likeness"])
    scan = {row["number"] for row in rows if row["looks_like"] == "port scan"}
    truth = {
        str(number)
        for number, incident in enumerate(sample.incidents, start=1)
        if incident and sample.truths[incident - 1].family == "port scan"
    }
    assert len(scan & truth) > 0.9 * len(truth)
    assert said["compared"]["accuracy"] > 0.9
    ET.fromstring(picture.read_text())


def test_train_by_protocol_names_applications(tmp_path, capsys):
    """Conversations of the sample by the decoder's names, without ports; the terminal says how well."""
    path = tmp_path / "p.tdmodel"
    assert cli.main(["train", "--by", "protocol", str(sample_capture()), "-o", str(path)]) == Exit.DONE
    told = capsys.readouterr().out
    assert "conversations" in told
    assert "DNS" in load(path).classes
    assert not any("port" in feature for feature in load(path).features)
    assert cli.main(["classify", str(sample_capture()), "--model", str(path)]) == Exit.DONE
    assert "behave like" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train", "{sample}", "-o", "{out}"], Exit.UNREADABLE, "no labels for"),
        (["train", "{sample}", "--labels", "{labels}", "-o", "{out}", "--picture", "x.bmp"], Exit.USAGE, ".svg or .png"),
        (["train", "{sample}", "--labels", "{none}", "-o", "{out}"], Exit.UNREADABLE, "can't be read"),
        (["train", "{sample}", "--labels", "{few}", "-o", "{out}"], Exit.ENVIRONMENT, "50 normal rows"),
        (["train", "{a}", "{a}", "{a}", "--labels", "{few}", "--labels", "{few}", "-o", "{out}"], Exit.UNREADABLE, "2 files of labels for 3 captures"),
        (["classify", "{sample}", "--model", "{labels}"], Exit.UNREADABLE, "no model of TrafficDesk"),
        (["classify", "{sample}", "--model", "{none}"], Exit.UNREADABLE, "can't be read"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said(arguments, code, words, labels, tmp_path, capsys):
    """One sentence and the right exit code; no model is left behind."""
    few = tmp_path / "few.csv"
    few.write_text("index,label,family\n1,attack,scan\n")
    capture = tmp_path / "copy.pcapng"
    capture.write_bytes(sample_capture().read_bytes())
    places = {
        "sample": capture, "a": capture, "labels": labels, "few": few, "none": tmp_path / "none", "out": tmp_path / "o",
    }  # fmt: skip
    assert cli.main([argument.format(**places) for argument in arguments]) == code
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert not (tmp_path / "o").exists()
