"""A build of Penstock whose fence is broken: put first on PYTHONPATH, it makes PostgreSQL's sessions forget their markers.

An attempt then never learns that an earlier one has committed, and writes its rows again. What this does the chaos driver must find.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_MODULE = "shared.connectors.postgres.markers"


class _Forgetful(Loader):
    def __init__(self, sound: Any) -> None:
        self._sound = sound

    def create_module(self, spec: ModuleSpec) -> Any:
        return self._sound.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._sound.exec_module(module)
        vars(module).update(find=lambda *_: None, put=lambda *_: None)


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader = _Forgetful(spec.loader)
        return spec


sys.meta_path.insert(0, _Finder())
