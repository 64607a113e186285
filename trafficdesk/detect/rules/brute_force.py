"""Brute force: connection after connection to one login service (Zeek: 30 in 30 min for SSH, 20 in 15 min for FTP).

Slips asks for 9 attempts at SSH in an hour; a person who mistypes needs three (`NumberOfPasswordPrompts`), in one
connection. Whether an attempt failed is not looked for: SSH and RDP say it in secret.
"""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

CONNECTIONS: Final = 12.0
SLOW_CONNECTIONS: Final = 10.0
"""In 5 minutes, to services that people log in to and programs keep open."""
WEB_CONNECTIONS: Final = 400.0
"""Five a second for a minute: apps that ask a lamp for its state open two a second, tools that guess dozens."""
LOGIN_PORTS: Final = (
    *(21, 22, 23, 25, 110, 119, 139, 143, 389, 445, 512, 513, 514, 902),
    *(1433, 1521, 2222, 3306, 3389, 5432, 5900, 5901, 5985, 6379, 27017),
)
"""Those that THC Hydra guesses at: FTP, SSH, Telnet, SMTP, POP, NNTP, SMB, IMAP, LDAP, the r commands, VMware, SQL
Server, Oracle, SSH's second port, MySQL, RDP, PostgreSQL, VNC, WinRM, Redis, MongoDB (IANA)."""
ANSWERED: Final = 0.5
WORDS: Final = 5.0
"""Packets of a connection in which a guess is made and answered, at least: three open it."""
PERSON_PORTS: Final = (21, 22, 23, 2222, 3389, 5900, 5901)
MERGE_S: Final = 300.0
WEB_PORTS: Final = (80, 443, 8000, 8080, 8443)


def find(scene: Scene) -> Sighting:
    """TCP rows between a client and a login service it has opened many connections to."""
    rows = scene.observation.rows
    # Who gets no answer guesses nothing: that is a scan's or a flood's.
    answered = scene.value("unanswered_60s") < ANSWERED * scene.value("service_connections_60s")
    web = np.isin(rows.low_port, WEB_PORTS)
    quickly = scene.reaches("service_connections_60s", CONNECTIONS) & np.isin(rows.low_port, LOGIN_PORTS)
    quickly |= scene.reaches("service_connections_60s", WEB_CONNECTIONS) & web & answered
    quickly &= scene.value("service_packets_60s") >= WORDS * scene.value("service_connections_60s")
    slowly = scene.reaches("service_connections_300s", SLOW_CONNECTIONS) & np.isin(
        rows.low_port, PERSON_PORTS
    )
    return Sighting(rows.tcp & (quickly | slowly), rows.source_port < rows.destination_port)


def tell(story: Story) -> str:
    """Who tried to log in where, how often."""
    port = f" port {story.ports[0]}" if story.ports else ""
    if story.values.get("service_connections_60s", 0.0) < CONNECTIONS:
        return (
            f"{story.culprit} opened {story.about('service_connections_300s')} connections to{port} of {story.whom} "
            f"in 5 min, each as short as a guess"
        )
    return (
        f"{story.culprit} opened {story.about('service_connections_60s')} connections to{port} of {story.whom} in 60 s; "
        f"{story.usually('service_connections_60s')}"
    )


RULE: Final = Rule(
    "brute force",
    {"service_connections_60s": CONNECTIONS, "service_connections_300s": SLOW_CONNECTIONS},
    find,
    tell,
    merge_s=MERGE_S,
    ways=(("service_connections_60s",), ("service_connections_300s",)),
)
