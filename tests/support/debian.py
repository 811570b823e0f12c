"""Debian's packages that tests want: installed where they are missing and we may."""

from __future__ import annotations

import os
import shutil
import subprocess


def install(package: str) -> None:
    """Does nothing where we are not root, or the system has no apt-get; the caller looks whether it is there."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        # Another process of the tests may be installing something else.
        apt = ["apt-get", "-o", "DPkg::Lock::Timeout=120"]
        subprocess.run([*apt, "update"], check=False, capture_output=True)
        subprocess.run([*apt, "install", "-y", "--no-install-recommends", package], check=False, capture_output=True)
