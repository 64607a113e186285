#!/usr/bin/env python3
"""Set TrafficDesk up, run it, test it, measure it, package it. Needs nothing but Python 3.11 or newer.

python3 dev.py run [arguments]   set up and start TrafficDesk (without a display: monitoring in the terminal)
python3 dev.py test [--fast]     set up and run every check and test (--fast: without the packaged build)
python3 dev.py fuzz [targets]    set up and throw hostile bytes at every reader of them (--seconds N or --runs N of each)
python3 dev.py bench [names]     set up and run the benchmarks
python3 dev.py build             set up and package the program into dist/
python3 dev.py setup             only set up
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "trafficdesk.stamp"
OLDEST = (3, 11)
LONGEST_S = 45 * 60
"""After which a step of the tests is taken to hang; all of them need less than half of it."""

# What PySide6 loads that a bare system lacks, by the file it asks for (found with ldd on Debian 12, 2026-11).
LIBRARIES = {
    "libglib-2.0.so.0": {"apt": "libglib2.0-0", "dnf": "glib2", "pacman": "glib2"},
    "libEGL.so.1": {"apt": "libegl1", "dnf": "libglvnd-egl", "pacman": "libglvnd"},
    "libGL.so.1": {"apt": "libgl1", "dnf": "libglvnd-glx", "pacman": "libglvnd"},
    "libdbus-1.so.3": {"apt": "libdbus-1-3", "dnf": "dbus-libs", "pacman": "dbus"},
    "libfontconfig.so.1": {"apt": "libfontconfig1", "dnf": "fontconfig", "pacman": "fontconfig"},
    "libxkbcommon.so.0": {"apt": "libxkbcommon0", "dnf": "libxkbcommon", "pacman": "libxkbcommon"},
    "libxkbcommon-x11.so.0": {
        "apt": "libxkbcommon-x11-0",
        "dnf": "libxkbcommon-x11",
        "pacman": "libxkbcommon-x11",
    },
    "libxcb-cursor.so.0": {"apt": "libxcb-cursor0", "dnf": "xcb-util-cursor", "pacman": "xcb-util-cursor"},
    "libxcb-icccm.so.4": {"apt": "libxcb-icccm4", "dnf": "xcb-util-wm", "pacman": "xcb-util-wm"},
    "libxcb-keysyms.so.1": {
        "apt": "libxcb-keysyms1",
        "dnf": "xcb-util-keysyms",
        "pacman": "xcb-util-keysyms",
    },
    "libxcb-shape.so.0": {"apt": "libxcb-shape0", "dnf": "libxcb", "pacman": "libxcb"},
}
# Programs that tests and benchmarks meet for real; a test whose program is missing says so and is skipped.
TEST_PROGRAMS = {
    "Xvfb": {"apt": "xvfb", "dnf": "xorg-x11-server-Xvfb", "pacman": "xorg-server-xvfb"},
    "ip": {"apt": "iproute2", "dnf": "iproute", "pacman": "iproute2"},
    "tshark": {"apt": "tshark", "dnf": "wireshark-cli", "pacman": "wireshark-cli"},
    "setcap": {"apt": "libcap2-bin", "dnf": "libcap", "pacman": "libcap"},
    "tcpreplay": {"apt": "tcpreplay", "dnf": "tcpreplay", "pacman": "tcpreplay"},
    "mariadbd": {"apt": "mariadb-server", "dnf": "mariadb-server", "pacman": "mariadb"},
    "objdump": {"apt": "binutils", "dnf": "binutils", "pacman": "binutils"},
    "dbus-run-session": {"apt": "dbus-daemon", "dnf": "dbus-daemon", "pacman": "dbus"},
}
INSTALL = {
    "apt": ["apt-get", "install", "-y", "--no-install-recommends"],
    "dnf": ["dnf", "install", "-y"],
    "pacman": ["pacman", "-S", "--needed", "--noconfirm"],
}


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    if sys.version_info < OLDEST:
        return fail(f"TrafficDesk needs Python 3.11 or newer, this is {sys.version.split()[0]}.")
    commands = {"setup": setup, "run": run, "test": test, "fuzz": fuzz, "bench": bench, "build": build}
    if not arguments or arguments[0] not in commands:
        print(__doc__)
        return 0 if arguments[:1] in ([], ["-h"], ["--help"]) else 2
    try:
        return commands[arguments[0]](arguments[1:])
    except subprocess.CalledProcessError as error:
        return fail(f"This step failed with exit code {error.returncode}: {' '.join(map(str, error.cmd))}")
    except KeyboardInterrupt:
        return 130


def setup(_arguments: list[str]) -> int:
    """Virtual environment and system libraries."""
    make_environment()
    install_system(
        {name: packages for name, packages in LIBRARIES.items() if not library_found(name)}, "window"
    )
    return 0


def run(arguments: list[str]) -> int:
    """Start TrafficDesk."""
    setup([])
    command = [str(python()), "-m", "trafficdesk", *arguments]
    if os.name == "posix":
        # In our place: Ctrl-C and SIGTERM reach the program itself, which says what it saw before it leaves.
        os.execv(command[0], command)
    return subprocess.call(command)


def test(arguments: list[str]) -> int:
    """Every check and test; all of them run even when one fails."""
    setup([])
    install_system(
        {name: packages for name, packages in TEST_PROGRAMS.items() if not program_found(name)}, "tests"
    )
    bin_dir = python().parent
    steps: list[tuple[str, list[str | Path]]] = [
        ("style", [bin_dir / "ruff", "check", "."]),
        ("format", [bin_dir / "ruff", "format", "--check", "."]),
        ("types", [bin_dir / "mypy"]),
        ("layers", [bin_dir / "lint-imports"]),
        ("tests", [bin_dir / "python", "-m", "pytest", "-q"]),
    ]
    # Beside them, with what the tests leave of the processors: most of them use one.
    beside = [("fuzzing", [bin_dir / "python", "-m", "tests.fuzz", "--fixed", "--jobs", "1"])]
    if "--fast" not in arguments:
        beside.insert(0, ("build", build_command()))
    with ThreadPoolExecutor(1) as other:
        results = other.map(aside, beside)
        offscreen = {"QT_QPA_PLATFORM": "offscreen"}
        failed = [name for name, command in steps if not passes(name, command, offscreen)]
        for name, passed, said in results:
            print(f"\n== {name}\n{said}", end="", flush=True)
            failed += [] if passed else [name]
    if "--fast" not in arguments and "build" not in failed:
        failed += packaged_check()
    print("\nEverything passed." if not failed else f"\nFailed: {', '.join(failed)}.")
    return 1 if failed else 0


def packaged_check() -> list[str]:
    """Test what was built; returns the names of the failed steps."""
    program = ROOT / "dist" / "trafficdesk" / ("trafficdesk.exe" if os.name == "nt" else "trafficdesk")
    command = [python(), "-m", "pytest", "-q", "tests/packaged"]
    return [] if passes("packaged", command, {"TRAFFICDESK_PACKAGED": str(program)}) else ["packaged"]


def fuzz(arguments: list[str]) -> int:
    """A long run; an input that breaks something stays in tests/fuzz/crashes, from where every test run repeats it."""
    setup([])
    return subprocess.call([str(python()), "-m", "tests.fuzz", *arguments], cwd=ROOT)


def bench(arguments: list[str]) -> int:
    """Each benchmark prints ratios against a peer measured in the same run."""
    setup([])
    install_system(
        {name: packages for name, packages in TEST_PROGRAMS.items() if not program_found(name)}, "benchmarks"
    )
    folder = ROOT / "benchmarks"
    programs = [*folder.glob("[a-z]*.py"), *(path.parent for path in folder.glob("*/__main__.py"))]
    names = arguments or sorted(path.stem for path in programs)
    codes = []
    for name in names:
        # A benchmark of several files is a package.
        chosen = ["-m", f"benchmarks.{name}"] if (folder / name).is_dir() else [str(folder / f"{name}.py")]
        codes.append(subprocess.call([str(python()), *chosen], cwd=ROOT))
    return max(codes, default=0)


def build(_arguments: list[str]) -> int:
    """Package the program into dist/trafficdesk (one folder)."""
    setup([])
    return subprocess.call([str(part) for part in build_command()], cwd=ROOT)


def build_command() -> list[str | Path]:
    """What packages the program, once all that it needs is installed."""
    if sys.platform == "linux":
        missing = {} if shutil.which("objdump") else {"objdump": TEST_PROGRAMS["objdump"]}
        install_system(missing | missing_python_library(), "packaging")
    return [python(), "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "trafficdesk.spec"]


def program_found(name: str) -> bool:
    """Whether a program is installed; servers lie where only root's path leads."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(name, path=places) is not None


def passes(name: str, command: list[str | Path], environment: dict[str, str]) -> bool:
    """Run one step below its name."""
    print(f"\n== {name}", flush=True)
    words, everything = [str(part) for part in command], os.environ | environment
    try:
        return subprocess.call(words, cwd=ROOT, env=everything, timeout=LONGEST_S) == 0
    except subprocess.TimeoutExpired:
        print(f"Ended: it did not come to an end within {LONGEST_S // 60} minutes.", flush=True)
        return False


def aside(step: tuple[str, list[str | Path]]) -> tuple[str, bool, str]:
    """Run one step behind what else is to be done; its name, whether it passed, and what it said."""
    name, command = step
    polite = ["nice", "-n", "10"] if shutil.which("nice") else []
    done = subprocess.run(
        [*polite, *map(str, command)],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", check=False,
    )  # fmt: skip
    return name, done.returncode == 0, done.stdout


def python() -> Path:
    """The virtual environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_environment() -> None:
    """Create .venv and install the locked dependencies, once per change of what they are."""
    wanted = hashlib.sha256(
        "\n".join([LOCK.read_text(), *dependencies(), sys.version, str(ROOT)]).encode()
    ).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted and python().exists():
        return
    print("Setting up .venv (once; a minute or two) ...", flush=True)
    create_environment()
    pip = [str(python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", str(LOCK), *dependencies()], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True)
    # Compiled once: a first window without it takes 0.1 s longer where Python may not write its cache.
    subprocess.run([str(python()), "-m", "compileall", "-q", str(ROOT / "trafficdesk")], check=False)
    STAMP.write_text(wanted)


def create_environment() -> None:
    """`python3 -m venv`, and where Debian split that off, its package first."""
    if (
        python().exists()
        and subprocess.run(
            [str(python()), "-m", "pip", "--version"], capture_output=True, check=False
        ).returncode
        == 0
    ):
        return
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command, check=False, capture_output=True).returncode == 0:
        return
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    install_system(
        {"venv": {"apt": minor, "dnf": "python3-libs", "pacman": "python"}}, "virtual environments"
    )
    subprocess.run(command, check=True)


def dependencies() -> list[str]:
    """What pyproject.toml asks for: the program's, the tests' and the packager's."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    return [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *groups["test"],
        *groups["build"],
    ]


def library_found(name: str) -> bool:
    """Whether the dynamic linker finds a shared library; always true off Linux, where PySide6 brings its own."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing_python_library() -> dict[str, dict[str, str]]:
    """Python's own shared library, which Debian splits off and the packaged program carries."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = f"libpython{minor}.so.1.0"
    if library_found(name) or (Path(sysconfig.get_config_var("LIBDIR") or "/") / name).exists():
        return {}
    return {name: {"apt": f"libpython{minor}", "dnf": "python3-libs", "pacman": "python"}}


def install_system(missing: dict[str, dict[str, str]], purpose: str) -> None:
    """Install what is missing where we may, else say the command; never a reason to stop."""
    if not missing:
        return
    manager = next((name for name, command in INSTALL.items() if shutil.which(command[0])), None)
    if manager is None:
        print(
            f"Missing for the {purpose}: {', '.join(missing)}. Install them with your system's package manager."
        )
        return
    command = [*INSTALL[manager], *sorted({packages[manager] for packages in missing.values()})]
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        print(
            f"Missing for the {purpose}: {', '.join(missing)}. Install them with:\n  sudo {' '.join(command)}"
        )
        return
    print(f"Installing for the {purpose}: {' '.join(command[len(INSTALL[manager]) :])} ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    if manager == "apt":
        subprocess.run(["apt-get", "update"], check=False, **quiet)
    if subprocess.run(command, check=False, **quiet).returncode:
        print(f"That did not work; by hand: {' '.join(command)}")


def fail(sentence: str) -> int:
    """Say why on stderr; 3 = the environment's fault."""
    print(sentence, file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
