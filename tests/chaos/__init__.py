"""Breaks a whole Penstock at random, for as long as it is told, and looks whether anything was lost or doubled: `python -m tests.chaos`."""
