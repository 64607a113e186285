"""`Reload`: what SIGHUP does to a monitor: settings, corrections, threat lists and the files it writes to."""

from __future__ import annotations

import logging
import time
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from trafficdesk.cli.mail_alerts import wanted_mail
from trafficdesk.cli.recording import check_address
from trafficdesk.cli.reloaded import Change, Reloaded
from trafficdesk.errors import SettingsError, TrafficDeskError
from trafficdesk.export.corrections_json import CorrectionFile, table_of
from trafficdesk.logs import reopen_log
from trafficdesk.settings.file import load_again
from trafficdesk.threats import Library
from trafficdesk.threats.library import matching_of
from trafficdesk.threats.words import complaints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.cli.in_force import InForce
    from trafficdesk.cli.monitor_loop import Monitor
    from trafficdesk.cli.monitored import Monitored
    from trafficdesk.cli.recording import Recording
    from trafficdesk.settings import Settings

_log = logging.getLogger(__name__)


class Reload:
    """Reads everything again; what can't be used leaves the former in force, and is said.

    Parameters
    ----------
    in_force : replaced.
    source : its filter follows the settings, unless `fixed_filter`: the command line has named one.
    corrections : whether a person's corrections are wanted.
    mails : None = nobody asked for them; the log reads the settings when it is written.
    recording : None = nothing is recorded.
    """

    def __init__(
        self,
        monitor: Monitor,
        in_force: InForce,
        source: Monitored,
        *,
        fixed_filter: bool,
        corrections: bool,
        mails: AlertDispatcher | None,
        recording: Recording | None,
    ) -> None:
        self._in_force = in_force
        self._monitor = monitor
        self._source = source
        self._corrections = corrections
        self._mails = mails
        self._recording = recording
        self._library = Library()
        parts: dict[str, Callable[[Settings], None]] = {
            "capture": self._refilter,
            "detection": lambda now: monitor.set_detection(now.detection),
            "mail": self._set_mail,
            "history": self._record,
            "names": lambda now: monitor.session.set_reverse_dns(now.names.reverse_dns),
            "threats": lambda _now: None,  # the lists are read again in any case
        }
        if recording is None:
            del parts["history"]
        self._parts = parts
        self._unheeded = {"capture.capture_filter"} if fixed_filter else set()

    def __call__(self) -> None:
        """Do it, and say in one sentence what it has changed."""
        reopen_log()
        before = self._in_force.settings
        warnings: list[str] = []
        try:
            now, found = load_again(before)
            warnings += found
        except SettingsError as error:
            now = before
            warnings.append(str(error))
        for section, apply in self._parts.items():
            if getattr(now, section) != getattr(before, section):
                try:
                    apply(now)
                except TrafficDeskError as error:
                    warnings.append(str(error))
                    now = replace(now, **{section: getattr(before, section)})
        self._in_force.settings = now
        also = (*self._correct(warnings), *self._list(warnings))
        reloaded = Reloaded(tuple(self._changes(before, now)), also, tuple(warnings))
        _log.info("%s", reloaded.words)
        self._monitor.tell_reloaded(reloaded)

    def _changes(self, before: Settings, now: Settings) -> Iterator[Change]:
        for section in self._parts:
            old, new = getattr(before, section), getattr(now, section)
            for item in fields(old):
                name = f"{section}.{item.name}"
                values = getattr(old, item.name), getattr(new, item.name)
                if values[0] != values[1] and name not in self._unheeded:
                    yield Change(name, item.metadata["label"], *values)

    def _refilter(self, now: Settings) -> None:
        wanted = now.capture.capture_filter
        if not self._unheeded and wanted != self._source.capture_filter:
            self._source.refilter(wanted)

    def _set_mail(self, now: Settings) -> None:
        if self._mails is not None:
            self._mails.set_settings(wanted_mail(now))

    def _record(self, now: Settings) -> None:
        if self._recording is not None:
            # An address that can't be used leaves the one that is written to.
            check_address(now.history)
            self._recording.begin(now)

    def _correct(self, warnings: list[str]) -> Iterator[str]:
        """What a person corrected in the desktop since."""
        if not self._corrections:
            return
        present = self._monitor.session.recall.corrections
        corrections, found = CorrectionFile().load()
        warnings += found
        if not found and table_of(corrections) != table_of(present):
            self._monitor.correct(corrections)
            yield "corrections"

    def _list(self, warnings: list[str]) -> Iterator[str]:
        """Threat lists as they are now."""
        threats, identities = self._in_force.settings.threats, self._monitor.session.log.identities
        lists = self._library.lists(threats.files)
        warnings += complaints(lists, threats, time.time())
        matching = matching_of(lists, threats.off)
        if (matching is None) != (identities.matching is None):
            yield "threat lists"
        identities.matching = matching
