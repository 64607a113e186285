"""The settings file: what is missing, invalid or foreign never keeps anyone from working."""

from __future__ import annotations

import dataclasses
import os
import stat
import tomllib
from typing import TYPE_CHECKING

import pytest

from trafficdesk.errors import SettingsError
from trafficdesk.settings import (
    CaptureSettings,
    DetectionSettings,
    MailSecurity,
    MailSettings,
    Settings,
    Theme,
    ViewSettings,
)
from trafficdesk.settings.file import VERSION, load, load_again, save, settings_path

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = Settings(
    capture=CaptureSettings(interface="wlan0", capture_filter='host "x"', promiscuous=False, ring_mib=8),
    detection=DetectionSettings(incidents_per_day=3, refit_seconds=12.5, seed=7),
    mail=MailSettings(
        enabled=True,
        server="mail.example",
        security=MailSecurity.TLS,
        recipients=("a@example.com", "ü@example.com"),
    ),
    view=ViewSettings(theme=Theme.DARK, recent_files=("/tmp/ä b.pcap",)),
)


def write(text: str) -> Path:
    path = settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_survives() -> None:
    """What is saved is what is loaded, for defaults and for a value of every type."""
    for settings in (Settings(), EVERYTHING):
        save(settings)
        assert load() == (settings, ())


def test_no_file_is_the_defaults() -> None:
    """The first start has no warnings."""
    assert load() == (Settings(), ())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[capture]\nring_mib = 100000", "capture.ring_mib"),
        ("[capture]\nring_mib = '64'", "capture.ring_mib"),
        ("[capture]\nring_mib = true", "capture.ring_mib"),
        ("[capture]\npromiscuous = 1", "capture.promiscuous"),
        ("[detection]\nrefit_seconds = nan", "detection.refit_seconds"),
        ("[detection]\nrefit_seconds = 1", "detection.refit_seconds"),
        ("[mail]\nsecurity = 'none at all'", "mail.security"),
        ("[mail]\nsecurity = 3", "mail.security"),
        ("[mail]\nrecipients = 'a@example.com'", "mail.recipients"),
        ("[mail]\nrecipients = [1]", "mail.recipients"),
        ("[view]\ntheme = []", "view.theme"),
        ("mail = 3", "mail"),
    ],
)
def test_invalid_value_is_named_and_the_rest_kept(text: str, name: str) -> None:
    """One bad value gives its default and a warning with its name; good ones beside it hold."""
    good = (
        "\n[detection]\nincidents_per_day = 3\n" if "[detection]" not in text else "\nincidents_per_day = 3\n"
    )
    write(text + good)
    settings, warnings = load()
    assert settings == dataclasses.replace(Settings(), detection=DetectionSettings(incidents_per_day=3))
    assert len(warnings) == 1
    assert name in warnings[0]


def test_whole_number_is_a_number() -> None:
    """`30` where `30.0` is meant is accepted."""
    write("[detection]\nrefit_seconds = 60\n")
    assert load() == (dataclasses.replace(Settings(), detection=DetectionSettings(refit_seconds=60.0)), ())


def test_unknown_names_are_ignored() -> None:
    """A newer program's settings do not disturb."""
    write("[capture]\nfuture = 1\n[elsewhere]\nx = 2\n")
    assert load() == (Settings(), ())


@pytest.mark.parametrize("content", [b"[capture", b"\xff\xfe", b"\0" * 100])
def test_garbage_is_a_warning(content: bytes) -> None:
    """A file that is no TOML gives the defaults and a sentence with its name."""
    path = write("")
    path.write_bytes(content)
    settings, warnings = load()
    assert settings == Settings()
    assert len(warnings) == 1
    assert str(path) in warnings[0]


def test_another_version_is_kept_beside() -> None:
    """Before a file of another layout can be overwritten, a copy lies beside it."""
    path = write(f"version = {VERSION + 1}\n[detection]\nincidents_per_day = 3\n")
    settings, warnings = load()
    assert settings.detection.incidents_per_day == 3
    assert "newer" in warnings[0]
    assert path.with_name(f"settings.toml.v{VERSION + 1}").read_text() == path.read_text()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits")
def test_only_the_owner_can_read_it() -> None:
    """Mail server and user name are nobody else's business."""
    save(EVERYTHING)
    assert stat.S_IMODE(settings_path().stat().st_mode) == 0o600


def test_no_secret_is_in_the_file() -> None:
    """There is no setting to put a password in."""
    save(EVERYTHING)
    table = tomllib.loads(settings_path().read_text(encoding="utf-8"))
    assert not [
        name for section in table.values() if isinstance(section, dict) for name in section if "pass" in name
    ]


def test_unwritable_place_is_a_sentence_and_keeps_the_old_file(tmp_path: Path) -> None:
    """A failed save names file and remedy, and leaves no half-written file."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(SettingsError) as caught:
        save(Settings(), blocked / "settings.toml")
    assert "settings.toml" in caught.value.title
    assert caught.value.hint
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_reading_again_keeps_what_is_in_force() -> None:
    """A value that can't be used stays what it is now, one that is missing is the default; a broken file is an error."""
    path = write("[detection]\nincidents_per_day = 99\ntrees = 'many'\n[capture]\nring_mib = 16\n")
    now, warnings = load_again(EVERYTHING)
    assert now == Settings(
        capture=CaptureSettings(ring_mib=16), detection=DetectionSettings(incidents_per_day=3)
    )
    assert len(warnings) == 2
    path.write_bytes(b"[")
    with pytest.raises(SettingsError, match="is not a settings file"):
        load_again(EVERYTHING)
    path.unlink()
    with pytest.raises(SettingsError, match="has gone"):
        load_again(EVERYTHING)
    assert load_again(Settings()) == (Settings(), ())
