"""Every setting, declared once: default, unit, bounds and label.

The settings file, the dialog and the command line all read this declaration. Secrets are not settings; see
`settings.secrets`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final


class Theme(StrEnum):
    """Colours of the window."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class TimeFormat(StrEnum):
    """How the packet table shows a packet's time."""

    TIME_OF_DAY = "time of day"
    SINCE_START = "since start"
    SINCE_PREVIOUS = "since previous"
    UTC = "utc"


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


def setting(
    default: Any,
    label: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    tip: str = "",
) -> Any:
    """Declare one setting: its default, the words a person reads, its unit and its bounds (inclusive)."""
    return field(
        default=default, metadata={"label": label, "unit": unit, "low": low, "high": high, "tip": tip}
    )


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """Where frames come from."""

    interface: str = setting(
        "", "Interface", tip="Empty: the one with the default route; several separated by commas"
    )
    capture_filter: str = setting("", "Capture filter", tip="BPF, as tcpdump takes it, e.g. not port 22")
    promiscuous: bool = setting(True, "Promiscuous mode", tip="Also frames not addressed to this computer")
    snap_length: int = setting(262_144, "Snap length", unit="bytes", low=64, high=262_144)
    ring_mib: int = setting(64, "Kernel ring", unit="MiB", low=4, high=1024)
    kept_rows: int = setting(2_000_000, "Packets kept", unit="rows", low=131_072, high=20_000_000)
    kept_bytes_mib: int = setting(
        64,
        "Raw frames in memory",
        unit="MiB",
        low=16,
        high=8192,
        tip="The newest ones, for details and bytes",
    )
    spool: bool = setting(
        True, "Keep raw frames on disk", tip="For details of older packets, saving, and after a crash"
    )
    spool_mib: int = setting(
        2_048,
        "On disk at most",
        unit="MiB",
        low=64,
        high=16_777_216,
        tip="Of all captures; the oldest leave first",
    )
    spool_hours: int = setting(24, "On disk for", unit="hours", low=1, high=87_600)
    spool_reserve_mib: int = setting(
        200, "Leave free on disk", unit="MiB", low=0, high=16_777_216, tip="With less, frames are not kept"
    )
    stop_packets: int = setting(0, "Stop after", unit="packets", low=0, high=2_000_000_000, tip="0: never")
    stop_seconds: int = setting(0, "Stop after", unit="s", low=0, high=31_536_000, tip="0: never")
    stop_megabytes: int = setting(
        0,
        "Stop after",
        unit="MB",
        low=0,
        high=100_000_000,
        tip="0: never; bytes on the wire, 1 MB = 10^6 bytes",
    )


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """How the detector learns and speaks."""

    incidents_per_day: int = setting(
        10,
        "Alert budget",
        unit="incidents a day",
        low=1,
        high=50,
        tip="About so many are wanted: the fewer, the more evidence each must have. A quiet hour gives none",
    )
    window_rows: int = setting(10_000, "Rolling window", unit="packets", low=1_000, high=100_000)
    refit_rows: int = setting(2_500, "Refit after", unit="packets", low=250, high=50_000)
    refit_seconds: float = setting(30.0, "Refit at least every", unit="s", low=5.0, high=3_600.0)
    warm_up_rows: int = setting(3_000, "Learn before scoring", unit="packets", low=500, high=50_000)
    trees: int = setting(100, "Trees", low=25, high=500)
    samples: int = setting(256, "Samples per tree", unit="packets", low=64, high=4_096)
    contamination: float = setting(
        0.0,
        "Contamination",
        unit="%",
        low=0.0,
        high=20.0,
        tip="Share of ordinary packets above the threshold; 0: as held-out packets say, about 0.1 %",
    )
    long_memory: bool = setting(
        False, "Compare with long memory", tip="Unusual is also what differs from hours ago"
    )
    seed: int = setting(
        0, "Seed", low=0, high=2**31 - 1, tip="The same seed on the same packets gives the same scores"
    )
    warm_up_seconds: float = setting(
        60.0, "Learn live for at least", unit="s", low=0.0, high=3_600.0, tip="Of an interface, not of a file"
    )
    label_model: str = setting(
        "", "Classifier of labels", tip="A file of `trafficdesk train`: rows that look like what was labelled"
    )
    protocol_model: str = setting(
        "", "Classifier of applications", tip="A file of `trafficdesk train --by protocol`: behaves like …"
    )


@dataclass(frozen=True, slots=True)
class NamesSettings:
    """What else may tell who is behind an address."""

    reverse_dns: bool = setting(
        False,
        "Reverse DNS for public addresses",
        tip="Where no packet told a name. Your resolver then learns of these addresses",
    )
    country_database: str = setting(
        "", "Country database", tip="A MaxMind DB file (.mmdb), e.g. GeoLite2 Country or DB-IP Lite"
    )
    provider_database: str = setting(
        "", "Provider database", tip="A MaxMind DB file of autonomous systems, e.g. GeoLite2 ASN"
    )


@dataclass(frozen=True, slots=True)
class ThreatSettings:
    """Lists of bad addresses and names; those in the folder of lists need no setting."""

    files: tuple[str, ...] = setting((), "Lists elsewhere")
    off: tuple[str, ...] = setting((), "Lists not used")
    stale_days: int = setting(
        30,
        "Old after",
        unit="days",
        low=1,
        high=3_650,
        tip="Addresses change hands: an old list accuses others",
    )


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where alerts are mailed; the password lives in the system's keyring."""

    enabled: bool = setting(False, "Send alerts by e-mail")
    server: str = setting("", "Server", tip="e.g. smtp.example.com")
    port: int = setting(587, "Port", low=1, high=65_535)
    security: MailSecurity = setting(MailSecurity.STARTTLS, "Security")
    user: str = setting("", "User name")
    sender: str = setting("", "From")
    recipients: tuple[str, ...] = setting((), "To", tip="Separate several addresses by commas")
    timeout_s: float = setting(20.0, "Give up after", unit="s", low=1.0, high=120.0)
    max_per_hour: int = setting(10, "At most", unit="mails per hour", low=1, high=1_000)
    minimum_severity: int = setting(30, "From severity", low=0, high=100)
    quiet_hours: str = setting("", "Quiet hours", tip="e.g. 22:00-07:00; empty: none")
    quiet_severity: int = setting(
        90, "Even then from", low=0, high=101, tip="Severity that is told in quiet hours, too; 101: none"
    )
    digest_hours: int = setting(
        0,
        "Digest",
        unit="hours later",
        low=0,
        high=168,
        tip="One mail of what was held back; 0: only counted",
    )
    evidence_mib: int = setting(
        5,
        "Attach evidence up to",
        unit="MiB",
        low=0,
        high=25,
        tip="Packets cut to their headers, their rows and reasons, as a zip; 0: nothing is attached",
    )
    evidence_wait_s: int = setting(
        30,
        "Wait for what follows",
        unit="s",
        low=0,
        high=300,
        tip="A mail leaves so much later, and its evidence has what happened meanwhile; 0: at once",
    )
    webhook: str = setting("", "Webhook", tip="An https address that each alert is posted to as JSON")
    notify: bool = setting(True, "Desktop notifications", tip="While the window is not in front")


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """What survives a capture's end; a server's password lives in the system's keyring."""

    enabled: bool = setting(True, "Keep a history of live captures", tip="Sums by second, minute and hour")
    url: str = setting(
        "",
        "Server",
        tip="Empty: a file on this computer; else e.g. mysql+pymysql://name@server/database, without the password",
    )
    packets: bool = setting(
        False,
        "Keep every packet, too",
        tip="Addresses, ports, protocol, flags, lengths, time; no content. What is usual can then be learned from them",
    )
    days: int = setting(400, "Keep for", unit="days", low=1, high=36_500)
    fine_days: int = setting(
        14,
        "Details for",
        unit="days",
        low=1,
        high=3_650,
        tip="Volume by second, and packets if they are kept",
    )
    megabytes: int = setting(
        2_000, "At most", unit="MB", low=50, high=10_000_000, tip="The finest of the oldest goes first"
    )


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """How the window looks."""

    theme: Theme = setting(Theme.SYSTEM, "Colours")
    recent_files: tuple[str, ...] = setting((), "Recent files")
    last_interface: str = setting("", "Last interface", tip="Several separated by commas")
    recent_capture_filters: tuple[str, ...] = setting((), "Recent capture filters")
    recent_display_filters: tuple[str, ...] = setting((), "Recent display filters")
    saved_filters: tuple[str, ...] = setting((), "Saved display filters", tip="Name, a tabulator, expression")
    time_format: TimeFormat = setting(TimeFormat.TIME_OF_DAY, "Times of packets")
    resolve_names: bool = setting(False, "Names instead of addresses")
    colour_packets: bool = setting(False, "Colour packets by rules")
    colour_rules: tuple[str, ...] = setting(
        (), "Colouring rules", tip="on or off, hue, name, expression; by tabulators"
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings."""

    capture: CaptureSettings = CaptureSettings()
    detection: DetectionSettings = DetectionSettings()
    names: NamesSettings = NamesSettings()
    threats: ThreatSettings = ThreatSettings()
    mail: MailSettings = MailSettings()
    history: HistorySettings = HistorySettings()
    view: ViewSettings = ViewSettings()


SECTIONS: Final = tuple(item.name for item in fields(Settings))
"""Section names in the order of the file and the dialog."""
