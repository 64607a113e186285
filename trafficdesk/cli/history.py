"""`trafficdesk history`: what was seen before."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.cli.analyze import warned_settings
from trafficdesk.cli.exit_codes import Exit
from trafficdesk.cli.terminal import say, visible
from trafficdesk.errors import TrafficDeskError
from trafficdesk.paths import data_dir

if TYPE_CHECKING:
    import argparse

    from trafficdesk.store.history import History, Span

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SHOWN: Final = 10
_NS: Final = 1_000_000_000


class BadSpan(TrafficDeskError):  # noqa: N818  # named after what the person is told
    """What was asked for is no span of time, or no address."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from trafficdesk.settings.secrets import HistoryPassword
    from trafficdesk.store.history import History
    from trafficdesk.store.keeping import open_store
    from trafficdesk.store.migrations import bring_up_to_date
    from trafficdesk.store.retention import Retention

    try:
        span = span_of(arguments.last, arguments.since, arguments.until, int(time.time()))
    except BadSpan as error:
        say(str(error), to_stderr=True)
        return Exit.USAGE
    settings = warned_settings().history
    database = open_store(settings, data_dir(), HistoryPassword().get)
    try:
        bring_up_to_date(database)
        if arguments.tidy:
            gone = Retention(settings.days, settings.fine_days, settings.megabytes).apply(database)
            say(f"{gone:,} rows thrown away", to_stderr=arguments.json == "-")
        told = _told(History(database), span, arguments.host)
    except ValueError:
        say(f"{visible(arguments.host)} is no address.", to_stderr=True)
        return Exit.USAGE
    finally:
        database.close()
    if arguments.json:
        from trafficdesk.export.atomic import atomic_file

        with atomic_file(arguments.json) as out:
            out.write((json.dumps(told, indent=1) + "\n").encode())
    if arguments.json != "-":
        for line in _lines(told):
            say(line)
    return Exit.DONE


def span_of(last: str, since: str | None, until: str | None, now_s: int) -> Span:
    """The span of time that was asked for.

    Raises
    ------
    BadSpan
        If it can't be understood, or ends before it begins.
    """
    from trafficdesk.store.history import Span

    end = _time(until) if until else now_s
    if since:
        start = _time(since)
    else:
        found = re.fullmatch(r"(\d{1,6})([smhdw])", last.strip().lower())
        if found is None:
            raise BadSpan(f"{visible(last)} is no span of time.", "Write it like 30m, 24h or 7d.")
        start = end - int(found[1]) * _UNITS[found[2]]
    if start >= end:
        raise BadSpan("That span ends before it begins.", "Name an earlier --since or a later --until.")
    return Span(start, end)


def _time(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError, OSError) as error:
        raise BadSpan(f"{visible(text)} is no time.", "Write it like 2026-11-21T14:00.") from error


def _told(history: History, span: Span, host: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"start_s": span.start_s, "end_s": span.end_s}
    if host is not None:
        told["host"] = host
        told["over_time"] = [
            {
                "start_s": at,
                "sent_packets": one.sent_packets,
                "sent_bytes": one.sent_bytes,
                "received_packets": one.received_packets,
                "received_bytes": one.received_bytes,
            }
            for at, one in history.host(host, span)
        ]
        told["names"] = history.names_of(host)
        told["conversations"] = history.conversations(span, host)
        told["incidents"] = [
            one
            for one in history.incidents(span, suppressed=True)
            if host == one["culprit"] or host in one["peers"]
        ]
        return told
    volume, talkers = history.volume(span), history.talkers(span)
    names = history.shown_names(one.address for one in talkers)
    return told | {
        "packets": sum(packets for _, packets, _ in volume),
        "bytes": sum(octets for _, _, octets in volume),
        "volume": [{"start_s": at, "packets": packets, "bytes": octets} for at, packets, octets in volume],
        "protocols": {
            name: {"packets": packets, "bytes": octets} for name, packets, octets in history.protocols(span)
        },
        "talkers": [
            {
                "address": one.address,
                "name": names.get(one.address, ""),
                "sent_packets": one.sent_packets,
                "sent_bytes": one.sent_bytes,
                "received_packets": one.received_packets,
                "received_bytes": one.received_bytes,
            }
            for one in talkers
        ],
        "conversations": history.conversations(span, limit=100),
        "incidents": history.incidents(span, suppressed=True),
        "gaps": history.gaps(span),
        "captures": history.captures(span),
        "models": history.models(span),
        "notes": history.notes(span.sensor),
    }


def _lines(told: dict[str, Any]) -> list[str]:
    begin, end = (_said(told[name] * _NS) for name in ("start_s", "end_s"))
    lines = [f"From {begin} to {end}"]
    if "host" in told:
        sent = sum(one["sent_bytes"] for one in told["over_time"])
        received = sum(one["received_bytes"] for one in told["over_time"])
        lines.append(f"{visible(told['host'])} sent {sent:,} bytes and received {received:,}")
        lines += [
            f"  {visible(one['name'])} ({visible(one['source'])}, last {_said(one['last_ns'])})"
            for one in told["names"][:_SHOWN]
        ]
    else:
        lines.append(
            f"{told['packets']:,} packets, {told['bytes']:,} bytes in {len(told['captures'])} captures"
        )
        lines += ["", "Addresses by bytes"]
        lines += [
            f"  {one['address'] or 'all others':<40} {one['sent_bytes']:>15,} sent {one['received_bytes']:>15,} received"
            f"{'  ' + visible(one['name']) if one['name'] else ''}"
            for one in told["talkers"][:_SHOWN]
        ] or ["  none"]
    lines += ["", "Conversations by bytes"]
    lines += [_conversation(one) for one in told["conversations"][:_SHOWN]] or ["  none"]
    alerts = [one for one in told["incidents"] if not one["suppressed"]]
    lines += ["", "Incidents"]
    lines += [
        f"  {_said(one['start_ns'])}  {one['severity']:>3}  {visible(one['sentence'])}"
        for one in alerts[:_SHOWN]
    ] or ["  none"]
    if expected := len(told["incidents"]) - len(alerts):
        lines.append(f"  and {'1 incident' if expected == 1 else f'{expected:,} incidents'} that you expect")
    return [*lines, *_learned(told)]


def _learned(told: dict[str, Any]) -> list[str]:
    """What the detector learned from, and what it was told."""
    lines = []
    if models := told.get("models"):
        last = models[0]
        fitted = "1 fit" if len(models) == 1 else f"{len(models):,} fits"
        lines.append(f"Model: {fitted}, the last {_said(last['fitted_ns'])} of {last['rows']:,} packets")
    held = [one["kind"] for one in told.get("notes", ()) if not one["removed"]]
    if held:
        counts = ((held.count(kind), kind) for kind in ("label", "rule"))
        words = [f"{count} {kind}{'' if count == 1 else 's'}" for count, kind in counts if count]
        lines.append(f"You said: {', '.join(words)}")
    return ["", *lines] if lines else []


def _conversation(one: dict[str, Any]) -> str:
    ends = [
        f"{one[end] or 'all others'}{'' if one[f'{end}_port'] < 0 else ' port ' + str(one[f'{end}_port'])}"
        for end in ("low", "high")
    ]
    who = " → ".join(filter(None, (visible(one["program"]), visible(one["host"]))))
    octets = one["low_bytes"] + one["high_bytes"]
    return f"  {octets:>15,}  {one['protocol']:<8} {' and '.join(ends)}{'  ' + who if who else ''}"


def _said(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // _NS).astimezone():%Y-%m-%d %H:%M:%S}"
