"""The fuzzing itself: either engine finds what is planted, keeps the input, and says so by its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.fuzz.__main__ import main
from tests.fuzz.engines import has_atheris
from tests.fuzz.planted import PLANTED
from tests.fuzz.target import execute

if TYPE_CHECKING:
    from pathlib import Path

ENGINES = [
    pytest.param(
        "atheris",
        marks=pytest.mark.skipif(not has_atheris(), reason="atheris has no wheel for this system"),
    ),
    "hypothesis",
]


def fuzz(engine: str, name: str, folder: Path, runs: int = 2_000) -> subprocess.CompletedProcess[str]:
    new = folder / "new"
    new.mkdir()
    (new / "seed").write_bytes(b"ab")
    words = [engine, name, str(runs), "0", "1", str(new), str(folder / "crashes")]
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz.worker", *words],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("name", "words"), [("raise", "planted"), ("linger", "SlowError"), ("hoard", "MemoryLimitError")]
)
def test_what_is_planted_is_found_and_kept(engine: str, name: str, words: str, tmp_path: Path) -> None:
    """An exception, too much time and too much memory each end the run, and the input left behind breaks again."""
    ended = fuzz(engine, f"planted_{name}", tmp_path)
    assert ended.returncode != 0
    assert words in ended.stdout + ended.stderr
    (kept,) = (tmp_path / "crashes").iterdir()
    target = PLANTED[f"planted_{name}"]
    if name == "raise":
        with pytest.raises(IndexError, match="planted"):
            execute(target, target.check(), kept.read_bytes())
    assert len(kept.read_bytes()) > 3


@pytest.mark.parametrize("engine", ENGINES)
def test_as_many_executions_as_asked_for(engine: str, tmp_path: Path) -> None:
    """What survives everything is executed the given number of times and ends well, with nothing kept."""
    ended = fuzz(engine, "planted_survive", tmp_path, 700)
    assert ended.returncode == 0, ended.stderr
    count = ended.stderr.partition("stat::number_of_executed_units:")[2].split()[0]
    assert 700 <= int(count) <= 720
    assert not list((tmp_path / "crashes").glob("*"))


def test_a_target_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is wrong usage, and the right ones are named."""
    with pytest.raises(SystemExit, match="2"):
        main(["no_such_target"])
    assert "no_such_target" in capsys.readouterr().err
