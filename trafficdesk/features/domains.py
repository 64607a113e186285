"""Names under one domain, and names that do not exist: how many different ones a host asks for, and how random they look.

Only DNS rows say something here; all other rows hold 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature, Scale
from trafficdesk.features.host_window import SETTLING_SHARE
from trafficdesk.features.keys import mix
from trafficdesk.features.names import domains_of
from trafficdesk.features.state import LastSeen, MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.keys import Rows
    from trafficdesk.packets.batch import PacketBatch

HALF_LIVES: Final = (60.0, 1_200.0)
MISSING_S: Final = 60.0

_RITA: Final = "RITA v5, C2 over DNS"


def _of_domain(window_s: float) -> tuple[Feature, ...]:
    tag = f"{window_s:.0f}s"
    return (
        Feature(
            f"subdomains_{tag}",
            "",
            window_s,
            "{} different name{s} under one domain",
            _RITA,
            tellable=False,
            ranged=False,
            modelled=False,
        ),
        Feature(
            f"subdomain_length_{tag}",
            "characters",
            window_s,
            "names of {} under one domain",
            _RITA,
            Scale.PLAIN,
            tellable=False,
            ranged=False,
            modelled=False,
        ),
    )


FEATURES: Final = (
    *_of_domain(HALF_LIVES[0]),
    *_of_domain(HALF_LIVES[1]),
    Feature(
        "missing_names_60s",
        "",
        MISSING_S,
        "{} different name{s} that do not exist",
        "Slips, DGA",
        tellable=False,
        ranged=False,
        modelled=False,
    ),
    Feature(
        "missing_entropy_60s",
        "bits",
        MISSING_S,
        "missing names of {} per character",
        "Slips, DGA",
        Scale.PLAIN,
        tellable=False,
        ranged=False,
        modelled=False,
    ),
)


class Domains:
    """Different names per (client, domain), and missing ones per client."""

    def __init__(self) -> None:
        self._names = LastSeen()
        self._domains = MultiDamped(HALF_LIVES, 2)
        self._missing_names = LastSeen()
        self._missing = MultiDamped((MISSING_S,), 2)

    def update(self, rows: Rows, batch: PacketBatch) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`; a lookup and its answer read the same."""
        columns = [np.zeros(len(rows)) for _ in FEATURES]
        at = np.flatnonzero(rows.name_length > 0)
        if not len(at):
            return columns
        now, asks = rows.seconds[at], rows.dns_query[at]
        client = np.where(asks, rows.source[at], rows.destination[at])
        domain, length = domains_of(batch, at)
        name = mix(client, rows.name[at])
        new = asks & np.isinf(self._names.update(name, now))
        new_names = new * rows.services[at]
        sums = self._domains.update(
            mix(client, domain), now, np.stack([new_names, new_names * length]).astype(np.float64)
        )
        for window in range(len(HALF_LIVES)):
            count = sums[0, window]
            columns[2 * window][at] = np.log1p(count)
            columns[2 * window + 1][at] = np.where(count > 0.2, sums[1, window] / np.maximum(count, 0.2), 0.0)
        gone = rows.dns_missing[at]
        first = gone.copy()
        first[first] = np.isinf(self._missing_names.update(name, now, first)[first])
        missing = first * rows.services[at] * np.where(rows.settling[at], SETTLING_SHARE, 1.0)
        lost = self._missing.update(client, now, np.stack([missing, missing * rows.name_entropy[at]]))[:, 0]
        columns[4][at] = np.log1p(lost[0])
        columns[5][at] = np.where(lost[0] > 0.2, lost[1] / np.maximum(lost[0], 0.2), 0.0)
        return columns
