"""Labels from a CSV file: which packets of a capture were what.

Three forms, told apart by their first line:

* `index,label,family`: one row per packet, index = number of the frame, from 1;
* `kind,value,label,family[,note]`: rules tried in order, the first that holds counts. kind = `ip` (an address at either
  end), `time` (`START/END`, seconds since 1970), `flow` (`key=value;key=a|b`, all must hold, keys in `label_tests`) or
  `default`;
* `start_epoch,end_epoch,family[,attacker|address|label|capture]`: one row per incident.

label = attack (called by its family), benign (normal) or ambiguous (not learned from); other words are names of their own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.classify.classifier import NORMAL
from trafficdesk.classify.label_tests import Rule, flow_rule
from trafficdesk.classify.model_file import MOST_NAME
from trafficdesk.errors import BadLabels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

UNTOLD: Final = ""
"""The name of rows that are not learned from."""
MOST_LINES: Final = 5_000_000
_WORDS: Final = {"benign": NORMAL, "normal": NORMAL, "ambiguous": UNTOLD, "unlabelled": UNTOLD, "": UNTOLD}


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What labels say of rows; arrays over (rows,)."""

    name: NDArray[np.int32]
    """Index in `LabelFile.names`; -1 = not learned from."""
    event: NDArray[np.int32]
    """Number of the event that was labelled, where the file tells events of the same name apart; else 0."""


class LabelFile:
    """Labels of one CSV file.

    Parameters
    ----------
    names : what rows are called.
    rules : in the order they are tried.
    by_number : (packets, 2) frame number and index in `names`, ascending by number.
    """

    def __init__(
        self, names: Sequence[str], rules: Sequence[Rule] = (), by_number: NDArray[np.int64] | None = None
    ) -> None:
        self.names = tuple(names)
        self._rules = tuple(rules)
        self._by_number = by_number

    def told(self, batch: PacketBatch, first_number: int) -> Told:
        """What is said of a batch whose first packet is the capture's `first_number`-th, from 1."""
        name = np.full(len(batch), -1, np.int32)
        event = np.zeros(len(batch), np.int32)
        numbers = np.arange(first_number, first_number + len(batch))
        if self._by_number is not None:
            at = np.searchsorted(self._by_number[:, 0], numbers)
            at = np.minimum(at, len(self._by_number) - 1)
            known = self._by_number[at, 0] == numbers
            name[known] = self._by_number[at[known], 1]
            return Told(name, event)
        open_rows = np.ones(len(batch), np.bool_)
        for number, rule in enumerate(self._rules, start=1):
            holds = open_rows & rule.holds(batch, numbers)
            name[holds] = rule.name
            event[holds] = number if rule.one_event else 0
            open_rows &= ~holds
            if not open_rows.any():
                break
        return Told(name, event)


def read_labels(path: str | Path, capture: str | Path = "") -> LabelFile:
    """Labels in the CSV file `path`, of the capture where a file of incidents has those of several.

    Raises
    ------
    BadLabels
        If the file can't be read, or a line of it can't be understood; the message has its number.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            columns = {name.strip().lower() for name in reader.fieldnames or ()}
            lines = [
                {str(key).strip().lower(): (value or "").strip() for key, value in line.items() if key}
                for line, _ in zip(reader, range(MOST_LINES), strict=False)
            ]
    except OSError as error:
        raise BadLabels(
            f"The labels in {path} can't be read: {error.strerror or error}.",
            "Name a CSV file that you may read.",
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadLabels(f"{path} is no CSV file: {error}.", "Save it as CSV in UTF-8.") from error
    return _file_of(path, columns, lines, str(capture))


def _file_of(path: Path, columns: set[str], lines: list[dict[str, str]], capture: str) -> LabelFile:
    names = _Names(path)
    if {"index", "label"} <= columns:
        return LabelFile(*_by_number(names, lines))
    if {"kind", "value", "label"} <= columns:
        rules = [names.rule(number, line) for number, line in enumerate(lines, start=2)]
        return LabelFile(names.names, rules)
    if {"start_epoch", "end_epoch"} <= columns:
        found = [
            names.incident(number, line)
            for number, line in enumerate(lines, start=2)
            if _is_of(line.get("capture", ""), capture)
        ]
        rest = Rule(names.number(NORMAL), ())
        return LabelFile(names.names, [*(rule for rule in found if rule is not None), rest])
    raise BadLabels(
        f"{path} has none of the known first lines.",
        "Begin it with index,label,family or kind,value,label,family or start_epoch,end_epoch,family,attacker.",
    )


class _Names:
    """Names as they are met, and errors with the number of their line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._numbers)

    def number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers)) if name else -1

    def of(self, line: Mapping[str, str]) -> int:
        word = line.get("label", "attack")
        name = _WORDS.get(word.lower())
        if name is None:
            family = line.get("family", "")
            name = family if word.lower() == "attack" and family else word
        return self.number(name[:MOST_NAME])

    def rule(self, number: int, line: Mapping[str, str]) -> Rule:
        try:
            return flow_rule(self.of(line), line.get("kind", ""), line.get("value", ""))
        except ValueError as error:
            raise self.broken(number, str(error)) from error

    def incident(self, number: int, line: Mapping[str, str]) -> Rule | None:
        """None where the incident can't be told from other traffic: its attacker is described in words."""
        times = f"t0={line['start_epoch']};t1={line['end_epoch']}"
        attacker = line.get("attacker", "") or line.get("address", "")
        key = "mac" if attacker.count(":") == 5 else "ip"
        try:
            return flow_rule(self.of(line), "flow", f"{key}={attacker};{times}" if attacker else times)
        except ValueError as error:
            if "address" in str(error):
                return None
            raise self.broken(number, str(error)) from error

    def broken(self, number: int, why: str) -> BadLabels:
        return BadLabels(
            f"Line {number} of {self._path} can't be understood: {why}.",
            "Correct that line, or leave it out.",
        )


def _by_number(
    names: _Names, lines: list[dict[str, str]]
) -> tuple[tuple[str, ...], tuple[Rule, ...], NDArray[np.int64]]:
    pairs = np.empty((len(lines), 2), np.int64)
    for at, line in enumerate(lines):
        if not (line["index"].isascii() and line["index"].isdigit() and len(line["index"]) < 19):
            raise names.broken(at + 2, f"{line['index'][:40]!r} is no frame number")
        pairs[at] = int(line["index"]), names.of(line)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    return names.names, (), pairs if len(pairs) else np.full((1, 2), -1, np.int64)


def _is_of(named: str, capture: str) -> bool:
    """Whether a row of incidents is about this capture: the end of its path, or any where none is named."""
    if not named or not capture:
        return True
    parts, ours = PurePosixPath(named).parts, Path(capture).parts
    return ours[-len(parts) :] == parts
