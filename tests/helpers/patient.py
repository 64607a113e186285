"""Waiting in the window's tests: long enough that a busy machine is no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytestqt.qtbot import QtBot

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_MS: Final = 60_000
"""How long at least a test waits for what should come at once; it costs nothing where it comes."""


class PatientBot(QtBot):
    """Waits a minute where pytest-qt gives up after five seconds, which a machine with other work may need."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **rest: Any) -> Any:  # noqa: N802
        return super().waitSignal(signal, timeout=_patience(timeout, rest), **rest)

    def waitSignals(self, signals: list[Any], *, timeout: int = PATIENCE_MS, **rest: Any) -> Any:  # noqa: N802
        return super().waitSignals(signals, timeout=_patience(timeout, rest), **rest)


def _patience(timeout: int, rest: dict[str, Any]) -> int:
    """A minute at least; where a signal's absence is looked for, as long as was asked for."""
    return timeout if rest.get("raising") is False else max(timeout, PATIENCE_MS)
