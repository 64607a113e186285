"""Declared settings, the file they live in, and the keyring for secrets."""

from trafficdesk.settings.declared import (
    CaptureSettings,
    DetectionSettings,
    HistorySettings,
    MailSecurity,
    MailSettings,
    NamesSettings,
    Settings,
    Theme,
    ThreatSettings,
    TimeFormat,
    ViewSettings,
)

__all__ = [
    "CaptureSettings",
    "DetectionSettings",
    "HistorySettings",
    "MailSecurity",
    "MailSettings",
    "NamesSettings",
    "Settings",
    "Theme",
    "ThreatSettings",
    "TimeFormat",
    "ViewSettings",
]
