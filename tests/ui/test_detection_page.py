"""`ui.dialogs.detection_page`: everything declared can be set, and known networks are listed and forgotten."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QPushButton

from trafficdesk.detect.baseline import Baseline, KnownNetwork
from trafficdesk.detect.known_networks import KnownNetworks
from trafficdesk.features import FEATURES
from trafficdesk.settings import DetectionSettings
from trafficdesk.ui.dialogs.detection_page import DetectionPage, NetworkList
from trafficdesk.ui.labels import ElidedLabel
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

NOTHING = np.empty((0, len(FEATURES)), np.float32)


def known_with(folder: Path, *interfaces: str) -> KnownNetworks:
    known = KnownNetworks(folder)
    for number, interface in enumerate(interfaces):
        network = KnownNetwork(f"{number:032x}", interface, 1, 10**18 - number, 754.0, 0)
        known.save(Baseline(NOTHING, NOTHING, learned_s=754.0), network)
    return known


def said(networks: NetworkList) -> list[str]:
    return [label.whole() for label in networks.findChildren(ElidedLabel) if label.isVisibleTo(networks)]


def test_every_field_can_be_set(qtbot: QtBot) -> None:
    """The budget first, the rest for experts; what is entered is what comes out."""
    page = DetectionPage(DetectionSettings(), LIGHT)
    qtbot.addWidget(page)
    assert next(iter(page.editors)) == "incidents_per_day"
    assert set(page.editors) == {item.name for item in fields(DetectionSettings)}
    page.editors["contamination"].set_field_value(2.5)
    page.editors["long_memory"].set_field_value(True)
    assert page.section() == replace(DetectionSettings(), contamination=2.5, long_memory=True)


def test_networks_are_listed_and_forgotten_one_by_one(qtbot: QtBot, tmp_path: Path) -> None:
    """Each with how much was learned; its button removes it alone, at once, from the list and the disk."""
    known = known_with(tmp_path, "wlan0", "eth0")
    networks = NetworkList(known)
    qtbot.addWidget(networks)
    assert [words.split(",")[0] for words in said(networks)] == ["wlan0", "eth0"]
    assert all("13 min learned" in words for words in said(networks))
    button = next(one for one in networks.findChildren(QPushButton) if "wlan0" in one.accessibleName())
    button.click()
    qtbot.waitUntil(lambda: len(networks.findChildren(QPushButton)) == 1)
    assert [network.interface for network in known.networks()] == ["eth0"]


def test_names_from_files_are_shown_as_they_are(qtbot: QtBot, tmp_path: Path) -> None:
    """A file may name any interface: no markup, no line breaks."""
    networks = NetworkList(known_with(tmp_path, "<b>eth0</b>\nx"))
    qtbot.addWidget(networks)
    (words,) = said(networks)
    assert "<b>eth0</b>" in words
    assert "\n" not in words


def test_of_very_many_the_last_used_are_listed(qtbot: QtBot, tmp_path: Path) -> None:
    """Twelve; how many more there are is said."""
    networks = NetworkList(known_with(tmp_path, *(f"eth{number}" for number in range(15))))
    qtbot.addWidget(networks)
    assert len(said(networks)) == 12
    assert "3 more" in networks._hint.text()
