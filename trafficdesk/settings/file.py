"""The settings file: TOML, one table per section of `Settings`.

Missing value: default. Invalid value: default and a warning that names it. Unknown value: ignored. Written atomically,
readable by its owner alone. Never holds a secret.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.errors import SettingsError
from trafficdesk.paths import config_dir, private_dir, replace_private
from trafficdesk.settings.declared import Settings

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

VERSION: Final = 1
"""Of the file's layout; a file of an older one is kept beside as `settings.toml.v<n>` before it is rewritten."""


_USUAL: Final = Settings()


def settings_path() -> Path:
    """Where the settings lie."""
    return config_dir() / "settings.toml"


def load(path: Path | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Read the settings; never raises over a file's content.

    Returns
    -------
    settings : values of the file, defaults elsewhere.
    warnings : one sentence per value that was not usable.
    """
    path = path or settings_path()
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return Settings(), ()
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), (
            f"The settings in {path} can't be read ({_cause(error)}); the defaults are used.",
        )
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        kept = _back_up(path, "broken")
        note = f"; it was kept as {kept.name}" if kept else ""
        return Settings(), (f"{path} is not a settings file ({error}); the defaults are used{note}.",)
    warnings: list[str] = []
    version = table.get("version", VERSION)
    if version != VERSION:
        _back_up(path, f"v{version}" if isinstance(version, int) else "old")
        if not isinstance(version, int) or version > VERSION:
            warnings.append(
                f"{path} was written by a newer TrafficDesk; what this one does not know is ignored."
            )
    return from_table(table, warnings), tuple(warnings)


def load_again(present: Settings, path: Path | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Read the settings while others are in force: a value that is not usable stays what it is now.

    Raises
    ------
    SettingsError
        If there is no settings file any more, or none that can be read.
    """
    import tomllib

    path = path or settings_path()
    hint = "Those in force stay; correct the file and send SIGHUP again."
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError as error:
        if present == Settings():
            return present, ()
        raise SettingsError(f"The settings file {path} has gone.", hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings in {path} can't be read: {_cause(error)}.", hint) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not a settings file: {error}.", hint) from error
    warnings: list[str] = []
    return from_table(table, warnings, present), tuple(warnings)


def save(settings: Settings, path: Path | None = None) -> None:
    """Write the settings; the old file stays whole until the new one is.

    Raises
    ------
    SettingsError
        If the file can't be written.
    """
    import tomli_w

    path = path or settings_path()
    text = tomli_w.dumps({"version": VERSION, **to_table(settings)})
    try:
        private_dir(path.parent)
        replace_private(path, text.encode("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings can't be saved to {path}: {_cause(error)}.",
            "Free some space or make the folder writable for you; the settings hold until TrafficDesk is closed.",
        ) from error


def to_table(settings: Settings) -> dict[str, dict[str, Any]]:
    """Settings as TOML tables."""
    return {
        section: {name: _plain(value) for name, value in values.items()}
        for section, values in asdict(settings).items()
    }


def from_table(table: dict[str, Any], warnings: list[str], instead: Settings = _USUAL) -> Settings:
    """Settings of TOML tables; appends a sentence to `warnings` for each value that is not usable.

    Parameters
    ----------
    instead : has what is used in its place; what is missing is the default.
    """
    sections: dict[str, Any] = {}
    for item in fields(Settings):
        default = item.default
        assert is_dataclass(default)
        assert not isinstance(default, type)
        found, spare = table.get(item.name, {}), getattr(instead, item.name)
        if not isinstance(found, dict):
            warnings.append(f"Settings section {item.name!r} is not a table; it is left out.")
            sections[item.name] = spare
            continue
        sections[item.name] = type(default)(**_section(spare, item.name, found, warnings))
    return Settings(**sections)


def _section(spare: Any, section: str, found: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    values = {}
    for item in fields(spare):
        usual = getattr(spare, item.name)
        if item.name not in found:
            continue
        try:
            value = _typed(found[item.name], usual)
            _check_bounds(value, item.metadata)
        except (TypeError, ValueError) as error:
            warnings.append(f"Setting {section}.{item.name} {error}; {usual!r} is used.")
            value = usual
        values[item.name] = value
    return values


def _typed(value: Any, usual: Any) -> Any:
    """`value` as the type of the default.

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    if isinstance(usual, Enum):
        choices = [member.value for member in type(usual)]
        if value not in choices:
            raise ValueError(f"is {value!r}, not one of {', '.join(choices)}")
        return type(usual)(value)
    if isinstance(usual, tuple):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise TypeError(f"is {value!r}, not a list of texts")
        return tuple(value)
    if isinstance(usual, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(usual):
        raise TypeError(f"is {value!r}, not {_ARTICLE[type(usual)]}")
    return value


_ARTICLE: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _check_bounds(value: Any, metadata: Any) -> None:
    low, high = metadata.get("low"), metadata.get("high")
    # "not >=" instead of "<": NaN is TOML, too.
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise ValueError(f"is {value!r}, outside {low} to {high}")


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def _back_up(path: Path, suffix: str) -> Path | None:
    kept = path.with_name(f"{path.name}.{suffix}")
    try:
        replace_private(kept, path.read_bytes())
    except OSError as error:
        _log.warning("no backup of %s: %s", path, error)
        return None
    return kept


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
