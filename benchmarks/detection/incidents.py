"""Attack captures spliced into everyday traffic: which incidents are found, under which name, how soon.

An incident is found when one of ours, of a family that means the same, claims rows of the attack; its delay is from the
attack's first packet to the end of the batch (a quarter of a second of traffic) in which it was first told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection import corpus, splice
from benchmarks.detection.figure import Figure, Options
from benchmarks.detection.measures import area_under_curve, true_positive_rate
from benchmarks.detection.prequential import Judgement, begun, judged, textbook
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from benchmarks.detection.corpus import Labelled, Truth

MEANING = {
    "portscan_tcp": {"port scan"},
    "portscan_udp": {"port scan"},
    "scan_ipproto": {"port scan"},
    "hostscan_arp": {"arp sweep"},
    "hostscan_icmp": {"host sweep"},
    "hostscan_tcp": {"host sweep"},
    "scan_horizontal": {"host sweep"},
    "malware_scan": {"host sweep"},
    "flood_syn": {"flood"},
    "flood_amplification": {"flood"},
    "flood_reflection": {"flood"},
    "bruteforce_ssh": {"brute force"},
    "bruteforce_ftp": {"brute force"},
    "arp_spoof": {"arp spoof"},
    "arp_mitm": {"arp spoof"},
    "dns_tunnel": {"dns tunnel"},
    "icmp_tunnel": {"icmp tunnel"},
    "beacon": {"beacon"},
}
"""Our families for the corpus' words. What is not here (a single probe, a web attack, 18 packets of a worm) has no name
of ours, and is counted apart."""
LAYOUTS, QUICK_EVERY = 2, 3
_LATE_NS = 120 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one spliced incident."""

    capture: str
    family: str
    named: bool
    """Whether we have a family for it, and the capture's authors are sure."""
    as_families: frozenset[str]
    """Families of all incidents that claim its rows."""
    delay_s: float | None
    """None = not found under its name."""


def measure(options: Options) -> list[Figure]:
    """Every attack capture in every layout."""
    found: list[Found] = []
    rows: list[tuple[float, ...]] = []
    others = hours = 0.0
    names = corpus.attack_only(options.captures)
    if options.quick:
        names = names[::QUICK_EVERY]
    captures = {name: corpus.labelled(options.captures, name) for name in names}
    for layout in range(1 if options.quick else LAYOUTS):
        base, lan = splice.everyday(options.captures, options.seed + layout)
        settings = DetectionSettings(seed=options.seed)
        # Before the attack every mixture is the same, and is judged once.
        times = base.batch["timestamp_ns"]
        before = int(np.searchsorted(times, times[0] + int(np.ptp(times) * splice.BEGIN_SHARES[0])))
        start = begun(base.batch, settings, before)
        for number, name in enumerate(names):
            mixed = splice.spliced(base, lan, captures[name], 1_000 * (options.seed + layout) + number)
            first = min((splice.first_attack_ns(mixed, truth) for truth in mixed.truths), default=None)
            said = judged(mixed.batch, settings, watched_from_ns=first, after=start)
            here = [_found(mixed, truth, said) for truth in mixed.truths]
            found += here
            false = _elsewhere(mixed, said)
            others += len(false)
            hours += np.ptp(mixed.batch["timestamp_ns"]) / 3.6e12
            rows.append(_row_figures(mixed, said, options.seed if layout == 0 else None))
            if options.verbose:
                _tell(layout, here, false)
    return _figures(found, rows, others / hours, hours)


def _found(mixed: Labelled, truth: Truth, said: Judgement) -> Found:
    times = mixed.batch["timestamp_ns"]
    begin = splice.first_attack_ns(mixed, truth)
    own = mixed.attack & (times >= begin) & (times <= truth.end_ns + _LATE_NS)
    claims = set(np.unique(said.incident[own]).tolist()) - {0}
    meant = MEANING.get(truth.family, set())
    right = [number for number in claims if said.incidents[number].family in meant]
    opened = min((said.opened_ns[number] for number in right), default=None)
    return Found(
        mixed.name,
        truth.family,
        bool(meant) and truth.confidence != "low",
        frozenset(said.incidents[number].family for number in claims),
        # An incident that was open already, of the same attack's former part, is told at once.
        None if opened is None else max(0.0, (opened - begin) / 1e9),
    )


def _elsewhere(mixed: Labelled, said: Judgement) -> list[str]:
    """Families of incidents that claim no row of the attack, nor any ambiguous one."""
    touched = set(np.unique(said.incident[~mixed.benign]).tolist())
    return [incident.family for number, incident in said.incidents.items() if number not in touched]


def _row_figures(mixed: Labelled, said: Judgement, naive_seed: int | None) -> tuple[float, ...]:
    known = mixed.attack | mixed.benign
    attack = mixed.attack[known]
    if not attack.any():
        return (np.nan,) * 6
    score = said.score[known]
    ours = (
        float(said.flagged[mixed.attack].mean()),
        float(said.flagged[mixed.benign].mean()),
        area_under_curve(score, attack),
        true_positive_rate(score, attack, 0.01),
    )
    if naive_seed is None:
        return (*ours, np.nan, np.nan)
    plain = textbook(mixed.batch, naive_seed)[known]
    return (*ours, area_under_curve(plain, attack), true_positive_rate(plain, attack, 0.01))


def _figures(
    found: list[Found], rows: list[tuple[float, ...]], false_rate: float, hours: float
) -> list[Figure]:
    named = [one for one in found if one.named]
    delays = [one.delay_s for one in named if one.delay_s is not None]
    others = [one for one in found if not one.named]
    flagged, benign, area, rate, naive_area, naive_rate = np.nanmean(np.array(rows), axis=0)
    return [
        Figure(
            "incidents found, right family",
            len(delays) / max(len(named), 1),
            0.95,
            note=f"{len(delays)} of {len(named)}",
        ),
        Figure(
            "median delay, s",
            float(np.median(delays)) if delays else np.inf,
            2.0,
            at_most=True,
            note=f"90 %: {np.quantile(delays, 0.9):.1f} s" if delays else "",
        ),
        Figure(
            "others (no family of ours): in some incident",
            sum(bool(one.as_families) for one in others) / max(len(others), 1),
            note=f"of {len(others)}",
        ),
        Figure("incidents elsewhere, per hour", false_rate, note=f"in {hours:.1f} h"),
        Figure("attack rows flagged", flagged),
        Figure("benign rows flagged", benign, note="neighbours of an attack included"),
        Figure("mean AUC", area, note=f"textbook forest {naive_area:.3f}"),
        Figure("mean TPR at 1 % FPR", rate, note=f"textbook forest {naive_rate:.3f}"),
    ]


def _tell(layout: int, found: list[Found], false: list[str]) -> None:
    for one in found:
        told = "missed" if one.delay_s is None else f"{one.delay_s:8.2f} s"
        kind = told if one.named else "no name"
        print(
            f"    {layout} {one.capture:<62} {one.family:<20} {kind:>10}  {', '.join(sorted(one.as_families))}"
        )
    if false:
        print(f"      elsewhere: {', '.join(sorted(false))}")
