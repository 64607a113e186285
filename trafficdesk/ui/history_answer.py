"""Asks the history what its page wants to know. It imports the database's driver: for a thread, once it is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.store.history import History, Span
from trafficdesk.ui import history_sheets as sheets
from trafficdesk.ui.history_request import HistoryAnswer, HistoryRequest, HistoryTab, Last

if TYPE_CHECKING:
    from trafficdesk.metrics import MetricsSnapshot
    from trafficdesk.metrics.sheets import Sheet
    from trafficdesk.store.history import Talker

HOSTS: Final = 1_000
"""Listed at most."""
CONVERSATIONS: Final = 1_000
_SECOND, _MINUTE, _HOUR = 1, 60, 3_600
_FINE_S: Final = 1_800
_LEAST_DRAWN_S: Final = 600
_MINUTES_S: Final = 8 * _HOUR
"""As `store.history` chooses its tables."""


def answer(history: History, request: HistoryRequest, now_s: int) -> HistoryAnswer:
    """Ask the store, in the caller's thread.

    Raises
    ------
    StoreError
        If it does not answer or refuses.
    """
    span = span_of(request, now_s)
    before = replace(span, start_s=0)
    ever = history.captures(before)
    drawn = _drawn(request, span, ever)
    captures = [one for one in ever if one["ended_ns"] >= span.start_s * sheets.NS]
    told = [one for one in history.incidents(span, suppressed=True) if _concerns(one, request.host)]
    conversations: list[dict[str, Any]] = []
    if request.host or request.tab is HistoryTab.CONVERSATIONS:
        conversations = history.conversations(span, request.host or None, CONVERSATIONS)
    sheet, capped = _sheet(history, request, span, told=told, rows=(conversations, captures))
    return HistoryAnswer(
        request,
        span,
        history.sensors(),
        _snapshot(history, request, drawn, conversations),
        sheets.gaps_of(history.gaps(before), captures, drawn),
        tuple(sheets.incident_of(number, one) for number, one in enumerate(told)),
        told,
        sheet,
        capped,
        history.shown_names([request.host]).get(request.host, "") if request.host else "",
    )


def _drawn(request: HistoryRequest, span: Span, captures: list[dict[str, Any]]) -> Span:
    """What the chart shows: a history younger than the span from its beginning, else its first hour were a hair's breadth.

    `captures`: all until the span's end. A span that a person chose is drawn whole.
    """
    if request.last is Last.CUSTOM or not captures:
        return span
    began_s = min(one["capture"] for one in captures) // sheets.NS
    start_s = min(began_s - _MINUTE, span.end_s - _LEAST_DRAWN_S)
    # The store adds up by whole minutes, or hours where it is long.
    step = _MINUTE if span.end_s - start_s <= _MINUTES_S else _HOUR
    return replace(span, start_s=max(start_s // step * step, span.start_s))


def _snapshot(
    history: History, request: HistoryRequest, span: Span, conversations: list[dict[str, Any]]
) -> MetricsSnapshot:
    length = span.end_s - span.start_s
    if request.host:
        step = _MINUTE if length <= _MINUTES_S else _HOUR
        volume = [
            (at, one.sent_packets + one.received_packets, one.sent_bytes + one.received_bytes)
            for at, one in history.host(request.host, span)
        ]
        return sheets.snapshot_of(volume, sheets.protocols_of(conversations), span, step)
    step = _SECOND if length <= _FINE_S else _MINUTE
    return sheets.snapshot_of(history.volume(span), history.protocols(span), span, step)


def _sheet(
    history: History,
    request: HistoryRequest,
    span: Span,
    *,
    told: list[dict[str, Any]],
    rows: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> tuple[Sheet, bool]:
    conversations, captures = rows
    match request.tab:
        case HistoryTab.CONVERSATIONS:
            return sheets.conversation_sheet(conversations), len(conversations) >= CONVERSATIONS
        case HistoryTab.INCIDENTS:
            return sheets.incident_sheet(told), False
        case HistoryTab.CAPTURES:
            return sheets.capture_sheet(captures), False
    if request.host:
        peers = sheets.peers_of(conversations, request.host)
        return _hosts(history, peers), len(conversations) >= CONVERSATIONS
    talkers = history.talkers(span, HOSTS)
    return _hosts(history, talkers), len(talkers) >= HOSTS


def _hosts(history: History, talkers: list[Talker]) -> Sheet:
    return sheets.host_sheet(talkers, history.shown_names(one.address for one in talkers))


def _concerns(incident: dict[str, Any], host: str) -> bool:
    return not host or host == incident["culprit"] or host in incident["peers"]


def span_of(request: HistoryRequest, now_s: int) -> Span:
    """From when to when."""
    if request.last is Last.CUSTOM:
        return Span(request.start_s, max(request.end_s, request.start_s + 1), request.sensor)
    return Span(now_s - request.last.seconds, now_s + 1, request.sensor)
