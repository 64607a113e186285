"""`CorrectionFile`: what a person said of the analysis, kept between starts as one JSON file.

Written whole or not at all, readable by its owner alone. A file that can't be read is set aside, never overwritten: it
is a person's work. It holds numbers that the detector saw and addresses, no bytes of packets.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from trafficdesk.detect.corrections import MOST, Corrections
from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX, UNUSUAL
from trafficdesk.detect.labels import LONGEST_NAME, MAX_PAIRS, MAX_ROWS, Label, RowSnapshot, Stance
from trafficdesk.detect.suppression import LONGEST_NOTE, Direction, SuppressionRule
from trafficdesk.errors import SettingsError, StoreError
from trafficdesk.paths import data_dir, private_dir, replace_private

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VERSION: Final = 1
NAME: Final = "corrections.json"
_LARGEST: Final = 128 * 1024 * 1024
_MOST_FEATURES: Final = 1_000
_LONGEST_FEATURE: Final = 100


class CorrectionStore(Protocol):
    """Where corrections are kept."""

    def load(self) -> tuple[Corrections, tuple[str, ...]]:
        """What was kept, and a sentence for each thing that could not be read; never raises over content."""
        ...

    def save(self, corrections: Corrections) -> None:
        """Keep what lasts.

        Raises
        ------
        StoreError
            If it can't be written.
        """
        ...


class CorrectionFile:
    """A `CorrectionStore` in a file.

    Parameters
    ----------
    path : default: in the user's data folder.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or data_dir() / NAME

    def load(self) -> tuple[Corrections, tuple[str, ...]]:
        """See `CorrectionStore.load`."""
        try:
            with self._path.open("rb") as file:
                table = json.loads(file.read(_LARGEST).decode("utf-8"))
        except FileNotFoundError:
            return Corrections(), ()
        except OSError as error:
            return Corrections(), (
                f"What you corrected can't be read from {self._path} ({error.strerror}); flags are shown without it.",
            )
        except (ValueError, RecursionError) as error:
            return Corrections(), (self._set_aside(str(error)),)
        if not isinstance(table, dict) or table.get("version") != VERSION:
            return Corrections(), (self._set_aside("it is of another version, or no file of corrections"),)
        return _corrections_of(table)

    def save(self, corrections: Corrections) -> None:
        """See `CorrectionStore.save`."""
        text = json.dumps(table_of(corrections), indent=1, ensure_ascii=True, allow_nan=False)
        try:
            private_dir(self._path.parent)
            replace_private(self._path, text.encode())
        except OSError as error:
            raise StoreError(
                f"Corrections can't be saved to {self._path}: {error.strerror or error}.",
                "Free some space or make the folder writable for you; they hold until TrafficDesk is closed.",
            ) from error

    def _set_aside(self, cause: str) -> str:
        kept = self._path.with_name(f"{self._path.name}.broken")
        try:
            self._path.replace(kept)
        except OSError as error:
            return f"{self._path} can't be used ({cause}), nor set aside ({error.strerror}); flags are shown without corrections."
        return f"{self._path} can't be used ({cause}); it was kept as {kept.name}, and flags are shown without corrections."


def table_of(corrections: Corrections) -> dict[str, Any]:
    """What lasts as JSON values."""
    lasting = corrections.lasting()
    entries = [
        {"label": _label_table(entry)} if isinstance(entry, Label) else {"rule": asdict(entry)}
        for entry in lasting.entries
        if isinstance(entry, Label | SuppressionRule)
    ]
    return {"version": VERSION, "last_number": corrections.last_number, "entries": entries}


def _label_table(label: Label) -> dict[str, Any]:
    rows = label.rows
    plain = {
        item.name: getattr(label, item.name) for item in fields(Label) if item.name not in {"rows", "pairs"}
    }
    plain["reach"] = label.reach if np.isfinite(label.reach) else None
    return {
        **plain,
        "pairs": _packed(label.pairs, "<i8"),
        "features": list(rows.features),
        "families": [FAMILIES[family].name for family in rows.family.tolist()],
        "source": _packed(rows.source, "<i8"),
        "destination": _packed(rows.destination, "<i8"),
        "values": _packed(rows.values, "<f4"),
        "usual": _packed(rows.usual, "<f4"),
        "unit": _packed(rows.unit, "<f4"),
    }


def _packed(values: NDArray[Any], dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype).tobytes()).decode("ascii")


def _unpacked(text: object, dtype: str, most: int) -> NDArray[Any]:
    if not isinstance(text, str) or len(text) > 12 * most + 16:
        raise ValueError("an array is missing or too long")
    return np.frombuffer(base64.b64decode(text, validate=True), dtype).astype(dtype[1:])


def _corrections_of(table: dict[str, Any]) -> tuple[Corrections, tuple[str, ...]]:
    found = table.get("entries")
    corrections = Corrections()
    bad = 0
    taken: set[int] = set()
    for item in found[:MOST] if isinstance(found, list) else ():
        try:
            entry = _rule_of(item["rule"]) if "rule" in item else _label_of(item["label"])
        except (KeyError, TypeError, ValueError, binascii.Error, SettingsError):
            bad += 1
            continue
        if entry.number in taken:
            bad += 1
            continue
        taken.add(entry.number)
        corrections = corrections.with_entries(entry)
    last = table.get("last_number")
    if isinstance(last, int) and corrections.last_number < last < 2**31 - 1:
        corrections = Corrections(corrections.entries, last)
    warnings = (f"{bad} of your corrections can't be read; they are left out.",) if bad else ()
    return corrections, warnings


def _rule_of(table: dict[str, Any]) -> SuppressionRule:
    values: dict[str, Any] = {}
    for item in fields(SuppressionRule):
        if item.name not in table:
            continue
        value = table[item.name]
        usual = item.default
        if item.name == "direction":
            value = Direction(value)
        elif type(value) is not (int if item.name == "number" else type(usual)):
            raise TypeError(item.name)
        values[item.name] = value
    rule = SuppressionRule(**values)
    if not 0 < rule.number < 2**31 - 1 or len(rule.note) > LONGEST_NOTE:
        raise ValueError("out of bounds")
    return rule.checked()


def _label_of(table: dict[str, Any]) -> Label:
    features = table["features"]
    families = table["families"]
    if not (isinstance(features, list) and len(features) <= _MOST_FEATURES and isinstance(families, list)):
        raise ValueError("features or families are missing")
    if not all(isinstance(name, str) and len(name) <= _LONGEST_FEATURE for name in features):
        raise ValueError("a feature has no name")
    width, rows = len(features), len(families)
    if not 0 < rows <= MAX_ROWS:
        raise ValueError("too many rows, or none")
    # A family of which nothing is known any more is a row without a rule.
    family = np.array([FAMILY_INDEX.get(name, UNUSUAL) for name in families], np.uint8)
    snapshot = RowSnapshot(
        features=tuple(features),
        values=_unpacked(table["values"], "<f4", width * rows).reshape(rows, width),
        source=_unpacked(table["source"], "<i8", rows).reshape(rows),
        destination=_unpacked(table["destination"], "<i8", rows).reshape(rows),
        family=family,
        usual=_unpacked(table["usual"], "<f4", width).reshape(width),
        unit=_unpacked(table["unit"], "<f4", width).reshape(width),
    )
    texts: dict[str, Any] = {name: str(table[name])[:LONGEST_NAME] for name in ("name", "family", "culprit")}
    numbers: dict[str, Any] = {
        name: int(table[name])
        for name in ("number", "first_packet_id", "last_packet_id", "packets", "noted_ns", "culprit_key")
    }
    if not 0 < numbers["number"] < 2**31 - 1 or max(map(abs, numbers.values())) >= 2**63:
        raise ValueError("a number is out of bounds")
    reach = table.get("reach", 1.0)
    reach = float("inf") if reach is None else float(reach)
    if not reach >= 1.0:
        raise ValueError("reach is out of bounds")
    return Label(
        stance=Stance(table["stance"]),
        rows=snapshot,
        pairs=np.unique(_unpacked(table["pairs"], "<i8", MAX_PAIRS))[:MAX_PAIRS],
        reach=reach,
        **texts,
        **numbers,
    )
