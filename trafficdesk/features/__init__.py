"""What the detector sees of a packet: one file per family of features, and one list.

To add a family: write its file with a literal `FEATURES` and a class whose `update` returns those columns, append its
features here and its columns in `extractor`.
"""

from typing import Final

from trafficdesk.features import (
    afterimage,
    beat,
    conversation,
    domains,
    echo,
    host_window,
    known,
    outflow,
    reflected,
    row,
    scan_shape,
    slow_scan,
    upload,
)
from trafficdesk.features.extractor import FeatureExtractor, Observation
from trafficdesk.features.feature import End, Feature, Scale
from trafficdesk.registry import by_name

FEATURES: Final = (
    *host_window.FEATURES,
    *scan_shape.FEATURES,
    *upload.FEATURES,
    *beat.FEATURES,
    *conversation.FEATURES,
    *row.FEATURES,
    *afterimage.FEATURES,
    *slow_scan.FEATURES,
    *reflected.FEATURES,
    *domains.FEATURES,
    *echo.FEATURES,
    *outflow.FEATURES,
    *known.FEATURES,
)
"""Columns of the matrix, in order."""

INDEX: Final = {name: index for index, name in enumerate(by_name(FEATURES))}
"""Column of each feature."""

__all__ = ["FEATURES", "INDEX", "End", "Feature", "FeatureExtractor", "Observation", "Scale"]
