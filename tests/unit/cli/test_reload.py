"""SIGHUP: what can hold at once does, what can't be used leaves the former in force, and both are said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from trafficdesk.cli.in_force import InForce
from trafficdesk.cli.reload import Reload
from trafficdesk.detect.corrections import Corrections
from trafficdesk.detect.suppression import SuppressionRule
from trafficdesk.errors import BadCaptureFilter
from trafficdesk.export.corrections_json import NAME, CorrectionFile
from trafficdesk.paths import data_dir
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import (
    CaptureSettings,
    DetectionSettings,
    HistorySettings,
    MailSettings,
    NamesSettings,
    Settings,
)
from trafficdesk.settings.file import save, settings_path
from trafficdesk.threats.library import lists_folder

if TYPE_CHECKING:
    from trafficdesk.cli.reloaded import Reloaded

MAIL = MailSettings(server="mail.example", sender="a@example.com", recipients=("b@example.com",))


class Monitor:
    """Stands where the monitor stands: notes what it is told."""

    def __init__(self) -> None:
        self.session = AnalysisSession()
        self.told: list[Any] = []
        self.reloaded: list[Reloaded] = []

    def set_detection(self, settings: DetectionSettings) -> None:
        self.told.append(settings)

    def set_settings(self, settings: MailSettings) -> None:
        self.told.append(settings)

    def begin(self, settings: Settings) -> None:
        self.told.append(settings.history)

    def correct(self, corrections: Corrections) -> None:
        self.told.append(corrections)
        self.session.recall.corrections = corrections

    def tell_reloaded(self, reloaded: Reloaded) -> None:
        self.reloaded.append(reloaded)


class Source:
    """An interface whose filter can be changed, but for one that is none."""

    capture_filter = ""

    def refilter(self, expression: str) -> None:
        if expression == "bad":
            raise BadCaptureFilter("bad is no filter.", "Write another.")
        self.capture_filter = expression


def reload_of(monitor: Monitor, source: Source | None = None, *, fixed_filter: bool = False) -> Reload:
    save(Settings())
    return Reload(
        monitor,
        InForce(Settings()),
        source or Source(),
        fixed_filter=fixed_filter,
        corrections=True,
        mails=monitor,
        recording=monitor,
    )


def test_every_part_that_changed_is_told_and_no_other() -> None:
    """Budget, filter, mail, history and names hold at once; a second reading changes nothing."""
    monitor, source = Monitor(), Source()
    reload = reload_of(monitor, source)
    wanted = Settings(
        capture=CaptureSettings(capture_filter="tcp", ring_mib=32),
        detection=DetectionSettings(incidents_per_day=5),
        mail=MAIL,
        history=HistorySettings(days=7, url="mysql+pymysql://u:secret@h/d"),
        names=NamesSettings(reverse_dns=True),
    )
    save(wanted)
    reload()
    assert source.capture_filter == "tcp"
    assert monitor.told == [wanted.detection, replace(MAIL, enabled=True), wanted.history]
    assert monitor.session.reverse_dns
    words = monitor.reloaded[0].words
    assert "alert budget 10 → 5" in words
    assert "capture filter “” → “tcp”" in words
    assert words.endswith("; from the next start on: kernel ring 64 → 32.")
    assert "secret" not in words + str(monitor.reloaded[0].table)
    monitor.session.set_reverse_dns(False)
    monitor.told.clear()
    reload()
    assert not monitor.told
    assert "nothing that holds at once has changed" in monitor.reloaded[1].words


@pytest.mark.parametrize("content", [b"broken [", b"\xff\xfe", None])
def test_a_broken_file_leaves_everything_as_it_is(content: bytes | None) -> None:
    """Said in a sentence; the right file holds when it comes."""
    monitor = Monitor()
    reload = reload_of(monitor)
    save(Settings(detection=DetectionSettings(incidents_per_day=5)))
    reload()
    if content is None:
        settings_path().unlink()
    else:
        settings_path().write_bytes(content)
    reload()
    assert reload._in_force.settings.detection.incidents_per_day == 5
    assert "Those in force stay" in monitor.reloaded[1].warnings[0]
    assert monitor.told == [DetectionSettings(incidents_per_day=5)]


def test_a_value_that_can_not_be_used_stays_what_it_is() -> None:
    """The others hold; what was refused is tried again at the next reading."""
    monitor, source = Monitor(), Source()
    reload = reload_of(monitor, source)
    save(Settings(detection=DetectionSettings(incidents_per_day=5), mail=MAIL))
    reload()
    settings_path().write_text(
        "[detection]\nincidents_per_day = 99\ntrees = 50\n[capture]\ncapture_filter = 'bad'\n[mail]\nserver = ''\n"
    )
    reload()
    now = reload._in_force.settings
    assert (now.detection.incidents_per_day, now.detection.trees) == (5, 50)
    assert (now.capture.capture_filter, now.mail) == ("", MAIL)
    warnings = " ".join(monitor.reloaded[1].warnings)
    assert "incidents_per_day is 99" in warnings
    assert "bad is no filter" in warnings
    assert "No mail server" in warnings
    settings_path().write_text("[capture]\ncapture_filter = 'udp'\n")
    reload()
    assert source.capture_filter == "udp"


@pytest.mark.parametrize("url", ["nonsense", "nosuch://x/y", "sqlite:///somewhere.db"])
def test_an_address_that_can_not_be_used_ends_no_history(url: str) -> None:
    """What is written to goes on being written to, and a right address holds when it comes."""
    monitor = Monitor()
    reload = reload_of(monitor)
    save(Settings(history=HistorySettings(url=url)))
    reload()
    assert not monitor.told
    assert reload._in_force.settings.history == HistorySettings()
    assert len(monitor.reloaded[0].warnings) == 1
    wanted = HistorySettings(url="mysql+pymysql://name@server/database")
    save(Settings(history=wanted))
    reload()
    assert monitor.told == [wanted]


def test_the_command_lines_filter_stays() -> None:
    """What was said in the terminal counts more than the settings, as at the start."""
    source, monitor = Source(), Monitor()
    reload = reload_of(monitor, source, fixed_filter=True)
    save(Settings(capture=CaptureSettings(capture_filter="tcp")))
    reload()
    assert source.capture_filter == ""
    assert "tcp" not in monitor.reloaded[0].words


def test_corrections_of_the_desktop_hold_at_once() -> None:
    """What a person said meanwhile is told to the analysis, once; a broken file takes nothing back."""
    monitor = Monitor()
    reload = reload_of(monitor)
    reload()
    assert not monitor.told
    CorrectionFile().save(Corrections((SuppressionRule(number=1, family="port scan"),)))
    reload()
    reload()
    assert [len(one) for one in monitor.told] == [1]
    assert monitor.reloaded[1].also == ("corrections",)
    (data_dir() / NAME).write_text("{")
    reload()
    assert len(monitor.session.recall.corrections) == 1
    assert len(monitor.reloaded[3].warnings) == 1


def test_threat_lists_are_read_again() -> None:
    """One that was dropped into the folder is met from then on."""
    monitor = Monitor()
    reload = reload_of(monitor)
    lists_folder().mkdir(parents=True)
    (lists_folder() / "mine.txt").write_text("203.0.113.7\n")
    reload()
    assert monitor.session.log.identities.matching is not None
    assert monitor.reloaded[0].also == ("threat lists",)
