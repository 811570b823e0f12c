"""Cases as the API gathers them, of one recipe."""

from __future__ import annotations

import sys
from pathlib import Path

# pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(Path(__file__).parent))
