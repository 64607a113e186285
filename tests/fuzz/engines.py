"""Who makes the inputs: atheris (libFuzzer, guided by coverage), and hypothesis where atheris can't be had.

Either runs one target in this process, says on stdout how many executions it made and how much memory they took, and
leaves the input that broke something in the folder for crashes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Final

from tests.fuzz.target import execute, peak_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hypothesis import strategies as st

    from tests.fuzz.target import Target

_COUNTERS: Final = 8_192
"""What a target met is folded into so many of libFuzzer's counters."""
_HANG_S: Final = 60
"""On the clock; what `execute` can't end itself is ended by the engine."""
_EVENT: Final = 1_000
"""Examples that hypothesis makes in one go."""


def has_atheris() -> bool:
    """Whether coverage can guide: atheris is built for Linux on x86-64."""
    return importlib.util.find_spec("atheris") is not None


def run_atheris(
    target: Target, folders: Sequence[Path], crashes: Path, *, runs: int, seconds: int, seed: int
) -> None:
    """Does not return: libFuzzer ends the process, with 0 if nothing broke.

    Parameters
    ----------
    folders : inputs to begin with; new ones are written into the first.
    runs, seconds : whichever is reached first; 0 = without bound.
    """
    import atheris

    hook = atheris.instrument_imports(include=["trafficdesk"])
    # Neither is this public. What it traces of two arrays' comparison is never freed (25 KB an execution of `decode`,
    # atheris 3.0.0), which would be taken for our memory.
    hook._trace_dataflow = target.compares
    with hook:
        check = target.check()
    warnings.simplefilter("error", RuntimeWarning)
    # Not public, but the only way to tell libFuzzer of what numpy does; requirements.lock pins the version.
    counters = [atheris._reserve_counter() for _ in range(_COUNTERS)]

    def one(data: bytes) -> None:
        for met in execute(target, check, data):
            atheris._trace_branch(counters[_number(met)])

    crashes.mkdir(parents=True, exist_ok=True)
    options = {
        "runs": runs or -1,
        "max_total_time": seconds,
        "max_len": target.longest,
        "seed": seed,
        "timeout": _HANG_S,
        # `execute` bounds it, and names the input.
        "rss_limit_mb": 0,
        "artifact_prefix": f"{crashes}/",
        "print_final_stats": 1,
        # Inputs that are slow on a busy machine are no finds.
        "report_slow_units": _HANG_S,
    }
    words = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup([sys.argv[0], *words, *map(str, folders)], one)
    atheris.Fuzz()


def _number(met: object) -> int:
    """The counter of what was met: the same in every process, unlike `hash`."""
    return int.from_bytes(hashlib.blake2b(repr(met).encode(), digest_size=4).digest(), "little") % _COUNTERS


def run_hypothesis(
    target: Target, folders: Sequence[Path], crashes: Path, *, runs: int, seconds: int, seed: int
) -> None:
    """Mutate the corpus as hypothesis draws; parameters as for `run_atheris`. Exits with 1 if something broke."""
    import faulthandler

    check = target.check()
    warnings.simplefilter("error", RuntimeWarning)
    seeds = sorted({path.read_bytes() for folder in folders for path in folder.glob("*")})
    done, ended, failing = 0, time.monotonic() + (seconds or float("inf")), b""

    def one(data: bytes) -> None:
        nonlocal done, failing
        done += 1
        failing = data
        faulthandler.dump_traceback_later(_HANG_S, exit=True)
        execute(target, check, data)

    try:
        for data in seeds:
            one(data)
        while (not runs or done < runs) and time.monotonic() < ended:
            _examples(one, seeds, target.longest, min(_EVENT, (runs or done + _EVENT) - done), seed + done)
    except Exception:  # noqa: BLE001  whatever it is, it is what we are looking for
        traceback.print_exc()
        crashes.mkdir(parents=True, exist_ok=True)
        found = crashes / f"crash-{hashlib.sha1(failing).hexdigest()}"
        found.write_bytes(failing)
        sys.stderr.write(f"Test unit written to {found}\n")
        sys.exit(1)
    finally:
        faulthandler.cancel_dump_traceback_later()
    sys.stderr.write(f"stat::number_of_executed_units: {done}\nstat::peak_rss_mb: {peak_memory() >> 20}\n")


def _examples(
    execute: Callable[[bytes], None], seeds: Sequence[bytes], longest: int, count: int, seed: int
) -> None:
    import hypothesis

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        # Not shrunk: what is too slow is so again and again, and memory once taken is seen ever after.
        phases=(hypothesis.Phase.generate,),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(mutated(seeds, longest))
    def examples(data: bytes) -> None:
        execute(data)

    examples()


def mutated(seeds: Sequence[bytes], longest: int) -> st.SearchStrategy[bytes]:
    """Inputs of the corpus with some stretches of theirs replaced, taken out, doubled or taken from another."""
    from hypothesis import strategies as st

    @st.composite
    def inputs(draw: st.DrawFn) -> bytes:
        data = draw(st.sampled_from([*seeds, b""]))
        for _ in range(draw(st.integers(1, 5))):
            at = draw(st.integers(0, len(data)))
            stop = min(len(data), at + draw(st.sampled_from([0, 1, 1, 2, 4, 8, 40])))
            kind = draw(st.integers(0, 3))
            if kind == 0:
                piece = draw(st.binary(max_size=8))
            elif kind == 1:
                piece = draw(st.sampled_from([b"\0", b"\xff", b"\x7f\xff", b"\0\0\0\0", b"\xff\xff\xff\xff"]))
            elif kind == 2:
                piece = data[at:stop] * draw(st.integers(0, 3))
            else:
                other = draw(st.sampled_from([*seeds, b""]))
                start = draw(st.integers(0, len(other)))
                piece = other[start : start + draw(st.integers(0, 64))]
            data = data[:at] + piece + data[stop:]
        return data[:longest]

    return inputs()
