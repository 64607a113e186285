"""The pages of the settings dialog that follow from their declaration alone."""

from __future__ import annotations

from typing import ClassVar

from trafficdesk.ui.dialogs.settings_page import SettingsPage


class NamesPage(SettingsPage):
    """What tells who is behind an address."""

    title: ClassVar[str] = "Names"
    icon: ClassVar[str] = "search"
    intro: ClassVar[str] = (
        "Names come from the packets: DNS answers, TLS server names, mDNS. What follows is asked besides."
    )


class AppearancePage(SettingsPage):
    """How the window looks."""

    title: ClassVar[str] = "Appearance"
    icon: ClassVar[str] = "appearance"
    hidden: ClassVar[tuple[str, ...]] = (
        "recent_files",
        "last_interface",
        "recent_capture_filters",
        "recent_display_filters",
        "saved_filters",
        "colour_rules",
    )
