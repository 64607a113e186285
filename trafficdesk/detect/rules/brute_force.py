"""Brute force: connection after connection to one login service (Zeek: 30 in 30 min for SSH, 20 in 15 min for FTP)."""

from typing import Final

import numpy as np

from trafficdesk.detect.rules.rule import Rule, Scene, Sighting, Story

CONNECTIONS: Final = 12.0
LOGIN_PORTS: Final = (21, 22, 23, 25, 110, 143, 445, 1433, 3306, 3389, 5432, 5900)
"""FTP, SSH, Telnet, SMTP, POP, IMAP, SMB, SQL Server, MySQL, RDP, PostgreSQL, VNC (IANA)."""


def find(scene: Scene) -> Sighting:
    """TCP rows between a client and a login service it has opened many connections to."""
    rows = scene.observation.rows
    held = (
        rows.tcp & scene.reaches("service_connections_60s", CONNECTIONS) & np.isin(rows.low_port, LOGIN_PORTS)
    )
    return Sighting(held, rows.source_port < rows.destination_port)


def tell(story: Story) -> str:
    """Who tried to log in where, how often."""
    port = f" port {story.ports[0]}" if story.ports else ""
    return (
        f"{story.culprit} opened {story.about('service_connections_60s')} connections to{port} of {story.whom} in 60 s; "
        f"{story.usually('service_connections_60s')}"
    )


RULE: Final = Rule("brute force", {"service_connections_60s": CONNECTIONS}, find, tell)
