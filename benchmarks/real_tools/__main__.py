"""`python -m benchmarks.real_tools record FOLDER`, then `judge FOLDER`: attacks by real tools, in a network of our own.

The network is one of namespaces (root, Linux); nothing leaves it, everything is bounded and gone afterwards. Tools are
Debian's: nmap masscan fping arp-scan netdiscover nbtscan dsniff ettercap-text-only hping3 slowhttptest hydra ncrack
iodine ptunnel dnsmasq-base openssh-server vsftpd apache2-utils bind9-dnsutils isc-dhcp-client; those missing are
skipped. No figure is held against a target: other runs, other packets.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

from benchmarks.real_tools.attacks import ATTACKS, Attack
from benchmarks.real_tools.everyday import live
from benchmarks.real_tools.judge import Judge
from benchmarks.real_tools.office import Office, unable

EVERYDAY_S = 2_520
_EMPTY = 24
"""Bytes of a capture without a frame."""


def main() -> int:
    """Exit code: 0, or 2 where it can't be done."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_tools",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("record", "judge"), nargs="?")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", nargs="+", metavar="ATTACK", help="part of a name; everyday = everyday use")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.folder is None:
        # Among all benchmarks it is left out: it takes an hour, and tools that nobody else needs.
        parser.print_usage()
        return 0
    chosen.folder.mkdir(exist_ok=True)
    attacks = [one for one in ATTACKS if not chosen.only or any(part in one.name for part in chosen.only)]
    if chosen.what == "judge":
        judge(chosen.folder.resolve(), attacks, chosen.seed)
        return 0
    if reason := unable():
        print(reason)
        return 2
    record(
        chosen.folder.resolve(),
        attacks,
        everyday=not chosen.only or "everyday" in chosen.only,
        seed=chosen.seed,
    )
    return 0


def record(folder: Path, attacks: list[Attack], *, everyday: bool, seed: int) -> None:
    """Everyday use for 42 minutes, then every attack into a file of its own."""
    with Office(folder) as office:
        if everyday:
            print(f"everyday use, {EVERYDAY_S // 60} minutes", flush=True)
            recorder = office.record(folder / "everyday.pcap")
            live(office, EVERYDAY_S, seed)
            office.end(recorder)
        for host in ("srv", "nas", "pc1", "pc2", "pc3", "cam", "tv"):
            office.run(host, "ping", "-c", "1", "10.77.0.1")
        for attack in attacks:
            print(attack.name, flush=True)
            recorder = office.record(capture_of(folder, attack))
            attack.act(office)
            time.sleep(1.5)
            office.end(recorder)


def judge(folder: Path, attacks: list[Attack], seed: int) -> None:
    """A line for each attack, and the sentences of its incidents."""
    judged = Judge(folder / "everyday.pcap", seed=seed)
    print(f"false incidents in half an hour of everyday use: {judged.false_before}", flush=True)
    verdicts: list[str] = []
    false = 0
    for attack in attacks:
        path = capture_of(folder, attack)
        if not path.exists() or path.stat().st_size <= _EMPTY:
            print(f"not recorded  {attack.name}")
            continue
        said = judged(attack, path)
        verdicts.append(said.verdict)
        false += said.others
        print(
            f"{said.verdict:<12}  {attack.name}: {said.flagged:,} of {said.rows:,} rows flagged", flush=True
        )
        for incident, delay_s in said.incidents:
            print(f"              {delay_s:6.2f} s  {incident.family}: {incident.sentence}")
    counts = ", ".join(f"{verdicts.count(word)} {word}" for word in dict.fromkeys(verdicts))
    print(f"\n{counts}; {false} incidents elsewhere")


def capture_of(folder: Path, attack: Attack) -> Path:
    """Where an attack is recorded."""
    return folder / f"{re.sub(r'[^a-z0-9]+', '-', attack.name.lower()).strip('-')}.pcap"


if __name__ == "__main__":
    sys.exit(main())
