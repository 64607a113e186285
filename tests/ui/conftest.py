"""As in the program: cyclic garbage is collected in the window's thread only (see `ui.garbage`)."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="module")
def _collected_between_modules() -> Iterator[None]:
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def _collected_between_tests() -> Iterator[None]:
    yield
    gc.collect(1)
