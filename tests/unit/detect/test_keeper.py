"""`detect.keeper`: what was learned belongs to a network, follows the computer from one to another, and can be forgotten."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from tests.helpers.planted import ordinary
from trafficdesk.capture.network import NetworkSight
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.keeper import LOOK_S, PERSISTS_S, SAVE_S, BaselineKeeper
from trafficdesk.detect.known_networks import KnownNetworks
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from pathlib import Path

QUICK = DetectionSettings(warm_up_rows=1_000, refit_rows=500, trees=25, samples=64)
HOME = NetworkSight("wlan0", "192.168.1.1", "3c846a010203", "192.168.1.7")
CAFE = NetworkSight("wlan0", "10.0.0.1", "001a2b3c4d5e", "10.0.0.99")
SPOOFED = NetworkSight("wlan0", "192.168.1.1", "666666666666", "192.168.1.7")
NOWHERE = NetworkSight("wlan0")


class World:
    """Where the computer is, and what time it is."""

    def __init__(self, folder: Path, sight: NetworkSight) -> None:
        self.sight = sight
        self.now = 0.0
        self.known = KnownNetworks(folder)
        self.traffic = ordinary(90, seed=4).batch()

    def keeper(self) -> tuple[Detector, BaselineKeeper]:
        detector = Detector(QUICK)
        detector.expect_live()
        keeper = BaselineKeeper(
            detector,
            "wlan0",
            self.known,
            look=lambda _choice: self.sight,
            clock=lambda: self.now,
            now_ns=lambda: round(self.now * 1e9),
        )
        keeper.begin()
        return detector, keeper

    def later(self, keeper: BaselineKeeper, seconds: float = LOOK_S + 0.1) -> None:
        self.now += seconds
        keeper.turn()

    def learned(self) -> Detector:
        """A capture at the present place that has ended."""
        detector, keeper = self.keeper()
        detector.process(self.traffic)
        keeper.save()
        return detector


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "networks", HOME)


def test_the_next_capture_on_a_network_starts_from_the_last(world: World) -> None:
    """A model at once, the minutes learned go on, and the budget knows its history."""
    before = world.learned()
    detector, _ = world.keeper()
    assert detector.model.model_id == 1
    assert detector.model.network_s == pytest.approx(before.model.network_s)
    assert detector.baseline().watched_s == pytest.approx(before.baseline().watched_s)
    assert len(detector.baseline().recent) == len(before.baseline().recent)


def test_another_network_starts_with_nothing(world: World) -> None:
    """What was learned at home says nothing in the café."""
    world.learned()
    world.sight = CAFE
    detector, _ = world.keeper()
    assert detector.model.model_id == 0
    assert detector.model.network_s == 0.0
    assert detector.model.network_needed_s > 0


def test_it_is_kept_every_few_minutes(world: World) -> None:
    """A crash costs no more; before the first time nothing is written."""
    detector, keeper = world.keeper()
    detector.process(world.traffic)
    world.later(keeper)
    assert world.known.networks() == []
    world.later(keeper, SAVE_S)
    (network,) = world.known.networks()
    assert network.interface == "wlan0"
    assert network.learned_s == pytest.approx(detector.model.network_s)
    first_ns = network.first_ns
    world.later(keeper, SAVE_S)
    (network,) = world.known.networks()
    assert network.first_ns == first_ns < network.last_ns


def test_a_change_of_network_changes_what_is_known(world: World) -> None:
    """What was learned at home is kept, the café begins with nothing, and back at home all is there again."""
    detector, keeper = world.keeper()
    detector.process(world.traffic)
    at_home = detector.model.network_s
    world.sight = CAFE
    world.later(keeper)
    assert detector.model.network_s == 0.0
    assert detector.model.model_id == 0
    world.sight = HOME
    world.later(keeper)
    assert detector.model.network_s == pytest.approx(at_home)
    assert detector.model.model_id > 0
    assert len(world.known.networks()) == 2


def test_a_gateway_that_changes_its_mac_only_is_no_other_network(world: World) -> None:
    """That is what ARP spoofing looks like: it must not silence what would be said of it. In time it is a new router."""
    detector, keeper = world.keeper()
    detector.process(world.traffic)
    learned = detector.model.network_s
    world.sight = SPOOFED
    for _ in range(3):
        world.later(keeper)
    assert detector.model.network_s == learned
    world.sight = HOME
    world.later(keeper)
    world.sight = SPOOFED
    world.later(keeper)
    world.later(keeper, PERSISTS_S - 1)
    assert detector.model.network_s == learned
    world.later(keeper)
    assert detector.model.network_s == 0.0


def test_to_be_unplugged_is_no_other_network(world: World) -> None:
    """Neither no gateway nor one that has not answered yet changes anything."""
    detector, keeper = world.keeper()
    detector.process(world.traffic)
    learned = detector.model.network_s
    for sight in (NOWHERE, NetworkSight("wlan0", "10.0.0.1", "", "10.0.0.99"), HOME):
        world.sight = sight
        world.later(keeper)
        world.later(keeper)
        assert detector.model.network_s == learned


def test_a_network_that_is_not_up_yet_is_found_when_it_is(world: World) -> None:
    """The capture begins before the gateway has answered; what is known comes when it has."""
    world.learned()
    world.sight = NetworkSight("wlan0", "192.168.1.1", "", "192.168.1.7")
    detector, keeper = world.keeper()
    assert detector.model.model_id == 0
    world.sight = HOME
    world.later(keeper)
    assert detector.model.model_id > 0


def test_a_network_that_is_forgotten_is_learned_anew(world: World) -> None:
    """Also by the capture under way, which would else write it again."""
    world.learned()
    detector, keeper = world.keeper()
    assert detector.model.network_s > 0
    world.known.forget(HOME.key(world.known.salt()))
    world.later(keeper)
    assert detector.model.network_s == 0.0
    assert detector.model.model_id == 0


def test_a_folder_that_cannot_be_written_costs_the_memory_only(world: World, tmp_path: Path) -> None:
    """The capture goes on; nothing is raised."""
    (tmp_path / "networks").write_text("a file where the folder should be")
    detector, keeper = world.keeper()
    detector.process(world.traffic)
    world.later(keeper, SAVE_S)
    keeper.save()
    assert detector.model.model_id > 0


def test_what_was_learned_from_the_history_is_taken_up(tmp_path: Path) -> None:
    """By a capture that is under way, at its next look; what it held before does not take its place."""
    world = World(tmp_path, HOME)
    world.learned()
    detector, keeper = world.keeper()
    (network,) = world.known.networks()
    baseline, _ = world.known.load(network.key)
    taught = dataclasses.replace(network, taught_ns=network.last_ns + 1)
    world.known.save(dataclasses.replace(baseline, learned_s=77_777.0), taught)
    keeper.save()
    assert world.known.load(network.key)[0].learned_s == 77_777.0
    world.later(keeper)
    assert detector.baseline().learned_s == 77_777.0
    assert detector.model.network == network.key
    keeper.save()
    assert world.known.load(network.key)[1].taught_ns == taught.taught_ns
