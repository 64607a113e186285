"""`trafficdesk learn`: what is usual on a network, from the packets that the history keeps; live captures go on from it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from trafficdesk.cli.analyze import warned_settings
from trafficdesk.cli.corrections import kept_corrections
from trafficdesk.cli.exit_codes import Exit, complain
from trafficdesk.cli.terminal import Progress, say, visible
from trafficdesk.errors import StoreError, TrafficDeskError

if TYPE_CHECKING:
    import argparse

    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.detect.known_networks import KnownNetworks
    from trafficdesk.settings import DetectionSettings
    from trafficdesk.store.relearning import Relearned
    from trafficdesk.store.stored_packets import Stay, StoredPackets


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from trafficdesk.cli.history import BadSpan, span_of
    from trafficdesk.detect.known_networks import KnownNetworks
    from trafficdesk.paths import data_dir
    from trafficdesk.settings.secrets import HistoryPassword
    from trafficdesk.store.keeping import open_store
    from trafficdesk.store.migrations import bring_up_to_date
    from trafficdesk.store.sensor import this_sensor
    from trafficdesk.store.stored_packets import StoredPackets

    try:
        span = span_of(arguments.last, arguments.since, arguments.until, int(time.time()))
    except BadSpan as error:
        complain(error)
        return Exit.USAGE
    settings, known = warned_settings(), KnownNetworks()
    corrections = kept_corrections(wanted=arguments.corrections)
    database = open_store(settings.history, data_dir(), HistoryPassword().get)
    try:
        bring_up_to_date(database)
        packets = StoredPackets(database, this_sensor(data_dir()).number)
        networks = _networks(packets.stays(span), arguments.interface, known)
        outcome = Outcome()
        for stays in networks:
            outcome.add(stays, packets, known, settings.detection, corrections, replace=arguments.replace)
    finally:
        database.close()
    _tell(outcome, arguments.json)
    return Exit.DONE if outcome.learned else Exit.ENVIRONMENT


class KnownBetter(TrafficDeskError):  # noqa: N818  # what is told is no failure
    """More traffic of a network is known than the history holds."""


@dataclass(slots=True)
class Outcome:
    """What came of each network."""

    learned: list[Relearned] = field(default_factory=list)
    refused: list[TrafficDeskError] = field(default_factory=list)
    """Where more is known already."""
    failed: list[TrafficDeskError] = field(default_factory=list)

    def add(
        self,
        stays: list[Stay],
        packets: StoredPackets,
        known: KnownNetworks,
        settings: DetectionSettings,
        corrections: Corrections,
        *,
        replace: bool,
    ) -> None:
        """Learn one network."""
        try:
            relearned = _learned(packets, stays, settings, corrections)
            _keep(relearned, known, replace=replace)
        except TrafficDeskError as error:
            (self.refused if isinstance(error, KnownBetter) else self.failed).append(error)
            complain(error)
        else:
            self.learned.append(relearned)


def _networks(stays: list[Stay], interface: str | None, known: KnownNetworks) -> list[list[Stay]]:
    """The stretches of each network, by time.

    Raises
    ------
    StoreError
        If there are none.
    """
    if interface:
        from trafficdesk.capture.network import network_of

        here = network_of(interface).key(known.salt())
        stays = [stay for stay in stays if stay.network == here]
    if not stays:
        raise StoreError(
            "The history holds no packets to learn from.",
            'Set "Keep every packet, too" in Settings, History, and capture for a while; or name a longer span.',
        )
    by_network = sorted(stays, key=lambda stay: (stay.network, stay.start_ns))
    return [list(group) for _, group in groupby(by_network, key=lambda stay: stay.network)]


def _learned(
    packets: StoredPackets, stays: list[Stay], settings: DetectionSettings, corrections: Corrections
) -> Relearned:
    from trafficdesk.store.relearning import relearn

    with Progress("learning") as bar:
        return relearn(packets, stays, settings, corrections=corrections, progress=bar.show)


def _keep(relearned: Relearned, known: KnownNetworks, *, replace: bool) -> None:
    """As what is known of that network.

    Raises
    ------
    TrafficDeskError
        If more is known already, or it can't be written.
    """
    from trafficdesk.detect.baseline import BaselineError, KnownNetwork
    from trafficdesk.store.relearning import lasting

    try:
        found = known.load(relearned.network)
    except BaselineError as error:
        say(f"trafficdesk: {error}", to_stderr=True)
        found = None
    if found is not None and found[0].learned_s > relearned.baseline.learned_s and not replace:
        before, here = (lasting(value.learned_s) for value in (found[0], relearned.baseline))
        raise KnownBetter(
            f"{before} of traffic on {visible(relearned.interface)} are known already, and the history holds {here}: "
            "nothing was changed.",
            "To take the history's word instead, add --replace.",
        )
    first_ns = min(found[1].first_ns, relearned.first_ns) if found else relearned.first_ns
    interface = found[1].interface if found else relearned.interface
    learned_s = relearned.baseline.learned_s
    now = time.time_ns()
    known.save(
        relearned.baseline,
        KnownNetwork(relearned.network, interface, first_ns, relearned.last_ns, learned_s, 0, now),
    )


def _tell(outcome: Outcome, path: str | None) -> None:
    if path:
        from trafficdesk.export.atomic import atomic_file

        with atomic_file(path) as out:
            told = {
                "networks": [_as_json(one) for one in outcome.learned],
                "refused": [error.title for error in outcome.refused],
                "not_learned": [error.title for error in outcome.failed],
            }
            out.write((json.dumps(told, indent=1) + "\n").encode())
    if path != "-":
        for one in outcome.learned:
            say(f"{visible(one.interface)}: {one.words}")


def _as_json(one: Relearned) -> dict[str, Any]:
    return {
        "network": one.network,
        "interface": one.interface,
        "packets": one.packets,
        "captures": one.captures,
        "set_aside": one.set_aside,
        "examples": one.examples,
        "learned_s": round(one.baseline.learned_s, 1),
        "first_ns": one.first_ns,
        "last_ns": one.last_ns,
        "words": one.words,
    }
