"""The browser that pages are tried in: Debian's Chromium, or the one that ENCAISSE_TEST_CHROMIUM names.

As a command (a step of `make test`) it brings the package where there is none and we may install.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SETTING = "ENCAISSE_TEST_CHROMIUM"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium-headless-shell", "fonts-liberation")  # without a window it starts faster, and is smaller
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb", "--hide-scrollbars",
)  # fmt: skip
MISSING = (
    f"No Chromium: install Debian's package (apt-get install {' '.join(PACKAGES)}), "
    f"or name another in {SETTING}. The tests of tests/browser fail without it."
)


def find() -> str | None:
    """Where it is; what is named must be there."""
    named = os.environ.get(SETTING)
    if named:
        return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    executable = find()
    if executable is None:
        raise RuntimeError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def bring() -> str | None:
    """Installs Debian's package with apt-get, as root or by a sudo that asks nothing; answers where it is."""
    apt = shutil.which("apt-get")
    if apt is None or os.environ.get(SETTING):
        return None
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become and (shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], check=False).returncode):
        return None
    install = [*become, apt, "install", "-qq", "--no-install-recommends", *PACKAGES]
    if _run(install, silent=True):
        _run([*become, apt, "update", "-qq"])
        _run(install)
    return find()


def _run(command: list[str], *, silent: bool = False) -> int:
    errors = subprocess.DEVNULL if silent else None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        command, check=False, env=environment, stdout=subprocess.DEVNULL, stderr=errors
    ).returncode  # fmt: skip


def main() -> int:
    found = find()
    if found is None and sys.platform == "linux" and Path("/etc/debian_version").exists():
        sys.stdout.write("Installing Chromium\n")
        found = bring()
    if found is None:
        sys.stderr.write(f"{MISSING}\n")
    return 0  # the tests that need it say so themselves, and fail


if __name__ == "__main__":
    sys.exit(main())
