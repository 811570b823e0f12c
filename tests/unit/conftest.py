import os
from datetime import UTC, datetime

import pytest

from shared.store import partitions
from shared.store.database import Database


@pytest.fixture(scope="session")
def store():
    db = Database(os.environ["TEST_PG"], name="t", size=20)
    with db.transaction() as tx:
        partitions.ensure(tx, datetime.now(UTC))
    yield db
    db.close()
