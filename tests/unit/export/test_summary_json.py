"""The summary: exact keys, and JSON that any parser takes."""

from __future__ import annotations

import io
import json

from tests.helpers.crafted import a_batch
from tests.helpers.incidents import a_reason, an_incident
from trafficdesk.detect.listed import Sighting
from trafficdesk.export.summary_json import Summary, write_summary
from trafficdesk.metrics import TrafficMetrics
from trafficdesk.packets.identities import Threat

KEYS = {
    "packets", "bytes", "first_ns", "last_ns", "protocols", "top_sources", "top_destinations", "unique_ip", "unique_mac",
    "throughput_bps", "latency_ms", "incidents", "flagged", "dropped", "unscored", "seconds", "version", "seed",
}  # fmt: skip


def strictly(text: str) -> dict:
    """Parsed; NaN and Infinity, which are no JSON, are an error."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(text, parse_constant=refuse)


def written(summary: Summary) -> dict:
    stream = io.BytesIO()
    write_summary(stream, summary)
    return strictly(stream.getvalue().decode("utf-8"))


def test_keys_are_the_promised_ones() -> None:
    """All keys of the contract are there, with their inner ones."""
    metrics = TrafficMetrics()
    metrics.add(a_batch(10))
    found = written(
        Summary(
            metrics.snapshot(),
            incidents=(an_incident(),),
            seconds=dict.fromkeys(("read", "decode", "features", "detect", "total"), 0.5),
        )
    )
    assert set(found) >= KEYS
    assert set(found["dropped"]) == {"kernel", "queue", "disk"}
    assert (
        set(found["latency_ms"]["tcp_handshake"]) == set(found["latency_ms"]["dns"]) == {"median", "p95", "n"}
    )
    assert set(found["seconds"]) == {"read", "decode", "features", "detect", "total"}
    assert found["protocols"] == {"UDP": {"packets": 10, "bytes": 1_000}}
    assert set(found["incidents"][0]) == {
        "id", "family", "start_ns", "end_ns", "culprit", "peers", "packets", "severity", "sentence", "looks_like", "reasons",
        "threat",
        "opened_ns", "model",
    }  # fmt: skip
    assert set(found["incidents"][0]["reasons"][0]) == {
        "feature", "value", "unit", "window_s", "usual_high", "words",
    }  # fmt: skip


def test_hits_on_threat_lists() -> None:
    """Every hit with its list, and the words of an incident's hit; null where it has none."""
    hit = a_reason(feature="threat list", words="203.0.113.7 is on the list “Feodo” (of today)")
    found = written(
        Summary(
            TrafficMetrics().snapshot(),
            incidents=(an_incident(reasons=(a_reason(), hit)), an_incident(id=8)),
            threats=((Threat("Feodo", "203.0.113.0/24", "203.0.113.7", 5), Sighting(3, 10, 20)),),
        )
    )
    assert [incident["threat"] for incident in found["incidents"]] == [hit.words, None]
    assert found["threats"] == [
        {
            "list": "Feodo",
            "entry": "203.0.113.0/24",
            "met": "203.0.113.7",
            "dated_s": 5,
            "packets": 3,
            "first_ns": 10,
            "last_ns": 20,
        }
    ]


def test_unknown_numbers_are_null() -> None:
    """No reference, no delay, no time: null, never NaN."""
    incident = an_incident(reasons=(a_reason(usual_high=float("nan")),))
    found = written(
        Summary(TrafficMetrics().snapshot(), incidents=(incident,), seconds={"detect": float("nan")})
    )
    assert found["incidents"][0]["reasons"][0]["usual_high"] is None
    assert found["latency_ms"]["dns"] == {"median": None, "p95": None, "n": 0}
    assert found["seconds"] == {"detect": None}


def test_odd_text_is_still_json() -> None:
    """A lone surrogate (an undecodable byte) does not break the file."""
    found = written(
        Summary(TrafficMetrics().snapshot(), incidents=(an_incident(sentence="a\udcffb\n\u2028"),))
    )
    assert found["incidents"][0]["sentence"] == "a\udcffb\n\u2028"
