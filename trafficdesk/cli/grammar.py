"""What the commands' grammars have in common: how one is added, and which values an option takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str
) -> argparse.ArgumentParser:
    """Add a command; `what` it does, in the words of the list and of its own help."""
    return commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False
    )


def positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    """A number that `kind` reads, above 0."""

    def read(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise ValueError(text)
        return value

    read.__name__ = "positive number"
    return read


def incident_number(text: str) -> int:
    """An incident's number; 0 = all of them."""
    number = 0 if text == "all" else int(text)
    if number < 0 or text == "0":
        raise ValueError(text)
    return number


incident_number.__name__ = "number of an incident"
