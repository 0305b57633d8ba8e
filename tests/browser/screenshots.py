"""Makes the pictures of docs/screens.md: `make screenshots`. The club of the tests, on its standing clock."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.database.migrate import migrate
from adapters.logs import configure
from adapters.settings import Settings
from tests.browser.chromium import chromium
from tests.browser.club import open_club
from tests.browser.desk import Desk, Desks
from tests.browser.story import LIAM, ZOE, tell_the_past

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "screens"
SIZES = {"desk": (1200, 760), "phone": (390, 760)}
AS_PEOPLE_SEE_IT = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include>/etc/fonts/fonts.conf</include>
<match target="pattern"><test name="family"><string>system-ui</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Liberation Sans</string></edit></match>
</fontconfig>
"""
ITEM = "SELECT min(id) FROM action_items WHERE client = '{}'"
# fmt: off
# name: size, address (a client in braces stands for its item), what is unfolded first
SCREENS: dict[str, tuple[str, str, str]] = {
    "center":     ("desk",  "/action-items", ""),
    "item":       ("desk",  "/action-items/{c-101}", ""),
    "doubt":      ("desk",  "/action-items/{c-107}", ""),
    "billing":    ("desk",  f"/clients/{ZOE}", "#zoe-camp details"),
    "refund":     ("desk",  f"/clients/{LIAM}", "#liam-refund-refund details"),
    "operations": ("desk",  f"/clients/{ZOE}", ".menu"),
    "invoice":    ("desk",  f"/clients/{ZOE}/operations/invoice", ""),
    "statement":  ("desk",  f"/clients/{ZOE}/statement", ""),
    "report":     ("desk",  "/reports/receivables", ""),
    "phone":      ("phone", "/action-items", ""),
}
CAPTIONS = {
    "center":     ("The Payment Action Center", "Le Centre d'action de paiement"),
    "item":       ("A failed payment: why, and what to do", "Un paiement échoué : pourquoi, et que faire"),
    "doubt":      ("In doubt: a person settles it", "En doute : une personne tranche"),
    "billing":    ("Client billing: Revenue and Receipts", "Facturation du client : Revenus et Recettes"),
    "refund":     ("A refund that can still be called back", "Un remboursement qu'on peut encore annuler"),
    "operations": ("The *Operations* menu", "Le menu *Opérations*"),
    "invoice":    ("An operation asks, shows, and then does", "Une opération demande, montre, puis fait"),
    "statement":  ("A statement to print", "Un état de compte à imprimer"),
    "report":     ("Accounts receivable by age", "Comptes à recevoir par âge"),
    "phone":      ("On a telephone", "Sur un téléphone"),
}
# fmt: on


def main() -> None:
    configure(Settings(log_level="error"))
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _fonts(Path(folder)):
        url = f"sqlite:///{folder}/encaisse.db"
        migrate(url)
        with open_club(url, Path(folder)) as club, chromium() as browser:
            tell_the_past(club)
            desks = Desks(club, browser)
            for language in ("en", "fr"):
                for name in _take(desks.at(language, scripts=True)):
                    sys.stdout.write(f"{name}\n")
            desks.close()
    (DOCS / "screens.md").write_text("\n".join(_document()), "utf-8")


def _take(desk: Desk) -> Iterator[Path]:
    for name, (size, address, unfolded) in SCREENS.items():
        width, height = SIZES[size]
        desk.page.set_viewport_size({"width": width, "height": height})
        head, _, client = address.partition("{")
        desk.open(head + (desk.club.one(ITEM.format(client.rstrip("}"))) if client else ""))
        if unfolded:
            desk.page.locator(unfolded).first.evaluate("one => one.open = true")
        file = FOLDER / f"{name}-{desk.language}.png"
        desk.page.screenshot(path=file)
        yield file


def _document() -> Iterator[str]:
    yield "# The screens / Les écrans\n"
    yield "Made by `make screenshots`, in a real browser, with the club that the browser tests use.\n"
    for name, (english, french) in CAPTIONS.items():
        yield f"## {english} / {french}\n"
        yield f"![{english}](screens/{name}-en.png)\n"
        yield f"![{french}](screens/{name}-fr.png)\n"


@contextmanager
def _fonts(folder: Path) -> Iterator[None]:
    """Letters like those of most desks, and the same on every machine that makes the pictures."""
    file = folder / "fonts.conf"
    file.write_text(AS_PEOPLE_SEE_IT, "utf-8")
    os.environ["FONTCONFIG_FILE"] = str(file)
    try:
        yield
    finally:
        del os.environ["FONTCONFIG_FILE"]


if __name__ == "__main__":
    main()
