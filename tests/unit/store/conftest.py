"""Every test of the store runs on the embedded database and on a MariaDB server started for it."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.mariadb import MariaDb, missing
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.migrations import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """One server for all tests; each has a database of its own."""
    if why := missing():
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="tdmaria"))
    server = MariaDb(folder)
    server.start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture(params=["embedded", "server"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store."""
    if request.param == "embedded":
        return file_url(tmp_path / "history.db")
    return request.getfixturevalue("mariadb").create(f"history{next(_NUMBERS)}")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An open store with its tables."""
    database = Database(url)
    bring_up_to_date(database)
    yield database
    database.close()
