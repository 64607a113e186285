"""`Recording`: what analysis said of the packets of an evidence, and what their scores were computed from; as a file.

It is read from files that strangers may have made: every index is checked before anything follows it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from trafficdesk.classify.nodes import Nodes
from trafficdesk.detect.explanation import TOLD
from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX
from trafficdesk.detect.findings import FlaggedRows
from trafficdesk.detect.forest import MODELLED, Forest
from trafficdesk.detect.model_record import ModelRecord
from trafficdesk.detect.plain_model import PlainModel, PlainTrees
from trafficdesk.detect.proof import Proof
from trafficdesk.evidence.arrays import packed, unpacked
from trafficdesk.features import FEATURES, INDEX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

VERSION: Final = 1
_MOST_ROWS: Final = 1_000_000
_MOST_MODELS: Final = 16
_PER_ROW: Final = {
    "ids": "i8",
    "kept": "u1",
    "score": "f4",
    "verdict": "u1",
    "family": "u1",
    "incident": "i4",
}
_OF_FLAGGED: Final = {
    "ids": "i8",
    "family": "u1",
    "features": "i2",
    "values": "f4",
    "usual": "f4",
    "ends": "i1",
}
_OF_PROOF: Final = {"ids": "i8", "values": "f4", "ruled": "u1", "model": "i4"}
_OF_NODES: Final = {"roots": "i4", "feature": "i2", "threshold": "f8", "left": "i4", "right": "i4"}
_NUMBERS: Final = ("middle", "line", "usual_depth")


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Rows of an evidence as `rows.csv` has them; arrays over (rows,)."""

    ids: NDArray[np.int64]
    """Ascending packet_ids."""
    kept: NDArray[np.bool_]
    """Whether the row's frame is in the capture, which has them in this order."""
    score: NDArray[np.float32]
    verdict: NDArray[np.uint8]
    family: NDArray[np.uint8]
    incident: NDArray[np.int32]
    flagged: FlaggedRows
    """Reasons; ids among `ids`."""
    proof: Proof | None
    """None = its features are not those of this version, so that nothing can be computed again, or none was to be had."""

    def __len__(self) -> int:
        return len(self.ids)

    def packed(self) -> bytes:
        """As a file."""
        arrays = {f"row.{name}": _plain(getattr(self, name)) for name in _PER_ROW}
        arrays |= {f"flagged.{name}": getattr(self.flagged, name) for name in _OF_FLAGGED}
        models: list[dict[str, Any]] = []
        if self.proof is not None:
            arrays |= {f"proof.{name}": _plain(getattr(self.proof, name)) for name in _OF_PROOF}
            for number, model in enumerate(self.proof.models):
                told: dict[str, Any] = {"record": asdict(model.record)}
                for which, forest in (("recent", model.recent), ("older", model.older)):
                    if forest is not None:
                        told[which], more = _told(forest, f"{which}.{number}")
                        arrays |= more
                models.append(told)
        header = {
            "version": VERSION,
            "families": [family.name for family in FAMILIES],
            "features": [feature.name for feature in FEATURES],
            "modelled": [FEATURES[index].name for index in MODELLED.tolist()],
            "models": models,
        }
        return packed(header, arrays)

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        """Of a file's bytes.

        Raises
        ------
        ValueError
            If they are not what `packed` writes; with the reason.
        """
        header, arrays = unpacked(data)
        if header.get("version") != VERSION:
            raise ValueError("its scores are of another version")
        rows = {name: _typed(arrays, f"row.{name}", kind) for name, kind in _PER_ROW.items()}
        ids, count = rows["ids"], len(rows["ids"])
        if count > _MOST_ROWS or any(array.shape != (count,) for array in rows.values()):
            raise ValueError("its rows differ in length")
        if not _ascends(ids):
            raise ValueError("its rows are not in order")
        names = _names(header, "families")
        family = _renumbered(rows.pop("family"), [FAMILY_INDEX.get(name, 0) for name in names])
        rows["kept"] = rows["kept"] != 0
        flagged = _flagged(header, arrays, ids)
        return cls(**rows, family=family, flagged=flagged, proof=_proof(header, arrays, ids))


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.uint8) if array.dtype == np.bool_ else array


def _told(forest: Forest, name: str) -> tuple[dict[str, float], dict[str, NDArray[Any]]]:
    trees = forest.trees
    assert isinstance(trees, PlainTrees)
    arrays = {f"{name}.{part}": getattr(trees.nodes, part) for part in _OF_NODES}
    arrays |= {
        f"{name}.depths": trees.depths,
        f"{name}.center": forest.center,
        f"{name}.spread": forest.spread,
    }
    numbers = {"middle": forest.middle, "line": forest.line, "usual_depth": trees.usual_depth}
    return {**numbers, "rows": forest.rows}, arrays


def _flagged(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], ids: NDArray[np.int64]
) -> FlaggedRows:
    told = {name: _typed(arrays, f"flagged.{name}", kind) for name, kind in _OF_FLAGGED.items()}
    count = len(told["ids"])
    wide = [array for name, array in told.items() if name not in {"ids", "family"}]
    if told["family"].shape != (count,) or any(array.shape != (count, TOLD) for array in wide):
        raise ValueError("its reasons differ in length")
    if told["ids"].ndim != 1 or not _ascends(told["ids"]) or not np.isin(told["ids"], ids).all():
        raise ValueError("its reasons are of other rows")
    families = [FAMILY_INDEX.get(name, 0) for name in _names(header, "families")]
    # A feature that this version does not know is no reason; -1 stays -1.
    features = [INDEX.get(name, -1) for name in _names(header, "features")]
    told["family"] = _renumbered(told["family"], families)
    if (told["features"] < -1).any():
        raise ValueError("its reasons are broken")
    told["features"] = _renumbered(told["features"] + np.int16(1), [-1, *features])
    told["ends"] = np.clip(told["ends"], -1, 1)
    return FlaggedRows(**told)


def _proof(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], ids: NDArray[np.int64]
) -> Proof | None:
    mine = (
        [feature.name for feature in FEATURES],
        [FEATURES[index].name for index in MODELLED.tolist()],
    )
    if "proof.ids" not in arrays or (_names(header, "features"), _names(header, "modelled")) != mine:
        return None
    told = {name: _typed(arrays, f"proof.{name}", kind) for name, kind in _OF_PROOF.items()}
    count = len(told["ids"])
    if told["values"].shape != (count, len(FEATURES)) or not np.isfinite(told["values"]).all():
        raise ValueError("its features are broken")
    if any(told[name].shape != (count,) for name in ("ids", "ruled", "model")):
        raise ValueError("its features differ in length")
    if not _ascends(told["ids"]) or not np.isin(told["ids"], ids).all():
        raise ValueError("its features are of other rows")
    models = header.get("models")
    if not isinstance(models, list) or len(models) > _MOST_MODELS:
        raise ValueError("its models are broken")
    made = tuple(_model(one, arrays, number) for number, one in enumerate(models))
    if not np.isin(told["model"], [0, *(model.record.number for model in made)]).all():
        raise ValueError("it lacks a model")
    told["ruled"] = told["ruled"] != 0
    return Proof(**told, models=made)


def _model(told: Any, arrays: Mapping[str, NDArray[Any]], number: int) -> PlainModel:
    if not isinstance(told, dict) or not isinstance(told.get("record"), dict):
        raise ValueError("its models are broken")  # noqa: TRY004  # what a file holds is a value
    older = _forest(told["older"], arrays, f"older.{number}") if "older" in told else None
    return PlainModel(_record(told["record"]), _forest(told.get("recent"), arrays, f"recent.{number}"), older)


def _record(told: Mapping[str, Any]) -> ModelRecord:
    kinds = {"digest": str, "early": bool}
    if set(told) != {field.name for field in fields(ModelRecord)} or not all(
        type(value) is kinds.get(name, int) for name, value in told.items()
    ):
        raise ValueError("its models' records are broken")
    if len(told["digest"]) > 64 or told["number"] < 1:
        raise ValueError("its models' records are broken")
    return ModelRecord(**told)


def _forest(told: Any, arrays: Mapping[str, NDArray[Any]], name: str) -> Forest:
    if not isinstance(told, dict) or not isinstance(told.get("rows"), int):
        raise ValueError("its models are broken")  # noqa: TRY004
    numbers = {key: told.get(key) for key in _NUMBERS}
    if not all(isinstance(value, float) and np.isfinite(value) for value in numbers.values()):
        raise ValueError("its models' numbers are broken")
    told_nodes = {part: _typed(arrays, f"{name}.{part}", kind) for part, kind in _OF_NODES.items()}
    depths = _typed(arrays, f"{name}.depths", "f8")
    if any(array.ndim != 1 for array in (*told_nodes.values(), depths)):
        raise ValueError("its models' trees are broken")
    nodes = Nodes(**told_nodes, columns=len(MODELLED))
    trees = PlainTrees(nodes, depths, float(numbers["usual_depth"]))  # type: ignore[arg-type]
    center, spread = (_typed(arrays, f"{name}.{part}", "f4") for part in ("center", "spread"))
    if center.shape != (len(MODELLED),) or spread.shape != center.shape:
        raise ValueError("its models' scales are broken")
    if not (np.isfinite(center).all() and np.isfinite(spread).all() and (spread > 0).all()):
        raise ValueError("its models' scales are broken")
    return Forest(trees, center, spread, float(numbers["middle"]), float(numbers["line"]), told["rows"])  # type: ignore[arg-type]


def _typed(arrays: Mapping[str, NDArray[Any]], name: str, kind: str) -> NDArray[Any]:
    array = arrays.get(name)
    if array is None or array.dtype != np.dtype(kind):
        raise ValueError(f"its scores lack {name}")
    return array


def _names(header: Mapping[str, Any], key: str) -> list[str]:
    names = header.get(key)
    if not isinstance(names, list) or len(names) > 1_000 or not all(isinstance(name, str) for name in names):
        raise ValueError(f"its {key} are broken")
    return names


def _renumbered(numbers: NDArray[Any], table: list[int]) -> NDArray[Any]:
    """What another version calls by other numbers; one that is beyond its own table is 0's."""
    known = np.array(table or [0], np.int64)
    return known[np.where(numbers < len(known), numbers, 0)].astype(numbers.dtype)


def _ascends(ids: NDArray[np.int64]) -> bool:
    return ids.ndim == 1 and bool((np.diff(ids) > 0).all()) and (not len(ids) or int(ids[0]) >= 0)
