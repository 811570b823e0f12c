from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tpch.data import Tpch, generate
from tests.tpch.engines import Tables, in_postgresql

SCALE = 0.1


@pytest.fixture(scope="session")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> Tpch:
    return generate(tmp_path_factory.mktemp("tpch"), SCALE)


@pytest.fixture(scope="session")
def tpch_in_postgresql(tpch: Tpch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    with in_postgresql(tpch, tmp_path_factory.mktemp("tpch-server")) as tables:
        yield tables
