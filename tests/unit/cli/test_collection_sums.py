"""Sums of captures: what can be added is added, and what can't be known exactly says so."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

from tests.helpers.collected import small_captures
from trafficdesk.cli.collection import sums as module
from trafficdesk.cli.collection.sums import Sums
from trafficdesk.cli.collection.task import Conditions, analysed, without_result
from trafficdesk.detect.corrections import Corrections
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def told(**changed: Any) -> dict[str, Any]:
    return {
        "status": "complete", "fault": "", "packets": 3, "bytes": 300, "flagged": 1, "scored": 2, "unscored": 1,
        "first_ns": 5, "last_ns": 9, "protocols": {"DNS": {"packets": 3, "bytes": 300}},
        "suppressed": {"incidents": 0, "packets": 0}, "incidents": [{}], "unique_ip": 2, "unique_ip_exact": True,
        "addresses": {"10.0.0.1": (2, 200, 1, 100), "10.0.0.2": (1, 100, 2, 200)},
        "threats": [{"list": "l", "entry": "e", "met": "m", "dated_s": 1, "packets": 2, "first_ns": 5, "last_ns": 6}],
        **changed,
    }  # fmt: skip


def summed(*files: dict[str, Any]) -> dict[str, Any]:
    sums = Sums(seed=4)
    for number, one in enumerate(files):
        sums.add(str(number), one)
    return sums.summary()


def test_the_order_makes_no_difference() -> None:
    """Added in any order, the sums are the same to the last byte."""
    one, two = told(), told(first_ns=1, addresses={"10.0.0.9": (9, 900, 0, 0), "10.0.0.1": (1, 1, 1, 1)})
    three = told(protocols={"TLS": {"packets": 3, "bytes": 300}})
    assert len({str(summed(*files)) for files in permutations((one, two, three))}) == 1


def test_numbers_are_added() -> None:
    """Packets, talkers, hits and distinct addresses of two captures with one address in common."""
    sums = summed(told(), told(addresses={"10.0.0.1": (1, 50, 0, 0), "fe80::1": (0, 0, 1, 50)}))
    assert (sums["packets"], sums["flagged"], sums["incident_count"], sums["unique_ip"]) == (6, 2, 2, 3)
    assert sums["top_sources"][0] == {"address": "10.0.0.1", "packets": 3, "bytes": 250}
    assert sums["top_destinations"][0] == {"address": "10.0.0.2", "packets": 2, "bytes": 200}
    assert sums["threats"][0]["packets"] == 4
    assert sums["unique_ip_exact"]


def test_what_was_not_told_is_known_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with more addresses than are told, or more than are kept, makes the number a lower bound."""
    assert not summed(told(unique_ip=3))["unique_ip_exact"]
    monkeypatch.setattr(module, "_MOST_ADDRESSES", 3)
    many = {f"10.0.1.{number}": (1, number, 0, 0) for number in range(5)}
    sums = summed(told(addresses=many, unique_ip=5))
    assert not sums["unique_ip_exact"]
    assert sums["top_sources"][0]["address"] == "10.0.1.4"


def test_a_file_without_result_counts_as_such() -> None:
    """Nothing is added, its sentence is kept; one whose turn never came is no fault."""
    sums = Sums(0)
    sums.add("bad", without_result("unreadable", "why"))
    sums.add("late", without_result("stopped", "not yet"))
    assert sums.faults == [("bad", "why")]
    assert sums.summary()["file_counts"] == {"stopped": 1, "unreadable": 1, "no_captures": 0}


def test_talkers_are_those_of_the_captures(tmp_path: Path) -> None:
    """The sums of one capture are what its own analysis tells."""
    (path,) = small_captures(tmp_path, 1, packets=500)
    outcome = analysed(str(path), Conditions(DetectionSettings(), Corrections()))
    sums = summed(outcome)
    for key in ("packets", "bytes", "unique_ip", "first_ns", "last_ns", "top_sources", "top_destinations"):
        assert sums[key] == outcome[key], key
    assert dict(sums["protocols"]) == outcome["protocols"]


def test_volume_over_time_is_that_of_the_captures(tmp_path: Path) -> None:
    """Every packet and byte of every file lies in some minute; what an older version left for resuming has none."""
    sums = Sums(0)
    conditions = Conditions(DetectionSettings(), Corrections())
    for path in small_captures(tmp_path, 3, packets=200):
        sums.add(str(path), analysed(str(path), conditions))
    sums.add("left by an older version", told(packets=7, bytes=70))
    series, summary = sums.series(), sums.summary()
    assert series.of("packets").sum() == 600 == summary["packets"] - 7
    assert series.of("bytes").sum() == summary["bytes"] - 70
    assert "rates" not in summary
