"""Items made by one process and worked on by two give what one process gives, in the same order, and its faults too."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from trafficdesk.capture.synthetic.sample import write_sample
from trafficdesk.cli import packets, pipeline
from trafficdesk.cli.pipeline import made_and_worked
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="done on Linux only")


def arrays(count: int) -> Iterator[tuple[int, np.ndarray]]:
    """Items with arrays, each of another size."""
    for number in range(count):
        yield number, np.arange(number * 1_000)


def total(item: tuple[int, np.ndarray]) -> tuple[int, int, bytes]:
    number, values = item
    return number, int(values.sum()), bytes(100_000)


@pytest.mark.parametrize("count", [0, 1, 2, 9])
@pytest.mark.parametrize(("making", "working"), [(0.0, 0.0), (0.02, 0.0), (0.0, 0.02)])
def test_two_give_what_one_gives(count: int, making: float, working: float) -> None:
    """Whichever process is ahead, results come in the items' order."""

    def items() -> Iterator[tuple[int, np.ndarray]]:
        for item in arrays(count):
            time.sleep(making)
            yield item

    def work(item: tuple[int, np.ndarray]) -> tuple[int, int, bytes]:
        time.sleep(working)
        return total(item)

    expected = [total(item) for item in arrays(count)]
    assert list(made_and_worked(items, work, by_two=True)) == expected
    assert list(made_and_worked(items, work, by_two=False)) == expected


def test_both_processes_work_when_work_is_what_takes_long() -> None:
    """The second process does not wait for the first one."""

    def work(item: tuple[int, np.ndarray]) -> int:
        time.sleep(0.05)
        return os.getpid()

    workers = list(made_and_worked(lambda: arrays(12), work, by_two=True))
    assert len(set(workers)) == 2


def test_results_outlive_their_slots() -> None:
    """Arrays of results stay what they are while later items take the same memory."""

    def work(item: tuple[int, np.ndarray]) -> tuple[np.ndarray, int]:
        time.sleep(0.02)
        return np.full(5_000, item[0]), os.getpid()

    results = list(made_and_worked(lambda: arrays(14), work, by_two=True))
    assert len({worker for _, worker in results}) == 2
    assert [set(values.tolist()) for values, _ in results] == [{number} for number in range(14)]


def test_what_is_too_large_for_a_slot_comes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items and results of any size are handed over."""
    monkeypatch.setattr(pipeline, "_SLOT_BYTES", 20_000)
    expected = [total(item) for item in arrays(8)]
    assert list(made_and_worked(lambda: arrays(8), total, by_two=True)) == expected


@pytest.mark.parametrize("fault_at", [0, 1, 2, 7])
def test_a_fault_comes_after_what_precedes_it(fault_at: int) -> None:
    """A file that breaks off yields everything before the fault, then the fault with its words."""

    def items() -> Iterator[tuple[int, np.ndarray]]:
        yield from arrays(fault_at)
        raise BadCaptureFile("cut", "Copy it again.")

    got = []

    def collect() -> None:
        for number, _, _ in made_and_worked(items, total, by_two=True):
            got.append(number)  # extend() would lose what precedes the fault

    with pytest.raises(BadCaptureFile, match=r"cut Copy it again\."):
        collect()
    assert got == list(range(fault_at))


def test_a_second_process_that_dies_is_an_error_not_a_hang() -> None:
    """Killed, or ended by a bug, it is missed."""

    def items() -> Iterator[tuple[int, np.ndarray]]:
        yield from arrays(2)
        os._exit(9)

    with pytest.raises(ChildProcessError):
        list(made_and_worked(items, total, by_two=True))


def test_leaving_early_ends_the_second_process() -> None:
    """A consumer that stops reading does not wait for the rest, and leaves no process."""
    before = set(psutil.Process().children())
    results = made_and_worked(lambda: arrays(1_000_000), total, by_two=True)
    assert next(results)[0] == 0
    assert len(set(psutil.Process().children()) - before) == 1
    results.close()
    assert not set(psutil.Process().children()) - before


@pytest.mark.parametrize("words", [[], ["--display-filter", "tcp || dns"]])
def test_csv_is_the_same_byte_for_byte(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows that two processes write are those that one writes."""
    from trafficdesk.cli.arguments import parser

    capture = tmp_path / "sample.pcap"
    write_sample(capture)
    written = {}
    for by_two in (False, True):
        monkeypatch.setattr(packets, "is_worthwhile", lambda _path, by_two=by_two: by_two)
        out = tmp_path / f"{by_two}.csv"
        assert packets.run(parser().parse_args(["packets", str(capture), "--csv", str(out), *words])) == 0
        written[by_two] = out.read_bytes()
    assert written[True] == written[False]
    assert written[True].count(b"\n") > 1_000
    assert "packets/s" in capsys.readouterr().out
