"""Who and what the demo is about: three organisations, their people, what they sell; tables to be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Club:
    """`regulars` have paid two instalments before tonight; `newcomers` signed up yesterday."""

    id: str
    name: str
    timezone: str
    language: str
    taxes: tuple[tuple[str, str], ...]
    administrators: tuple[tuple[str, str, str], ...]  # id, name, language
    activities: tuple[tuple[str, int], ...]  # description, price before taxes in cents
    regulars: int
    newcomers: int


TORONTO = Club(
    id="harbourfront",
    name="Harbourfront Aquatic Club",
    timezone="America/Toronto",
    language="en",
    taxes=(("HST", "13"),),
    administrators=(("emma", "Emma Fraser", "en"), ("david", "David Okafor", "en")),
    activities=(("Learn to swim, level 4", 28_800), ("Junior lifeguard", 41_500), ("Masters swimming", 52_000)),
    regulars=14,
    newcomers=20,
)
MONTREAL = Club(
    id="plateau",
    name="Centre sportif du Plateau",
    timezone="America/Toronto",
    language="fr",
    taxes=(("TPS", "5"), ("TVQ", "9.975")),
    administrators=(("marie", "Marie Tremblay", "fr"), ("luc", "Luc Gagnon", "fr")),
    activities=(("Camp de jour, relâche", 39_500), ("Escalade, débutants", 24_600), ("Gymnastique, 9-12 ans", 46_800)),
    regulars=12,
    newcomers=18,
)
MONCTON = Club(
    id="petitcodiac",
    name="École de musique Petitcodiac Music School",
    timezone="America/Moncton",
    language="fr",
    taxes=(("HST", "15"),),
    administrators=(("anne", "Anne LeBlanc", "fr"), ("colin", "Colin MacDonald", "en")),
    activities=(("Violon, cours privés / Violin, private lessons", 63_000), ("Chorale / Choir", 18_900)),
    regulars=6,
    newcomers=12,
)
CLUBS = (TORONTO, MONTREAL, MONCTON)

FIRST_NAMES = (
    "Olivia", "Noah", "Émilie", "Liam", "Zoé", "William", "Florence", "Ethan", "Béatrice", "Lucas", "Chloé",
    "Samuel", "Aïcha", "Mei", "Raphaël", "Sofia", "Arjun", "Maëlle", "Hugo", "Fatima", "Owen", "Rosalie",
)  # fmt: skip
LAST_NAMES = (
    "Tremblay", "Smith", "Gagnon", "Nguyen", "Roy", "Singh", "Côté", "Brown", "Bouchard", "Martin", "Chen",
    "Gauthier", "Wilson", "Morin", "Cormier", "Diallo", "Lavoie", "Patel", "Fortin",
)  # fmt: skip
BRANDS = ("visa", "mastercard", "amex")

# What befalls the cards of newcomers tonight; the others are approved.
TONIGHT = (
    "tok_insufficient_funds", "tok_expired_card", "tok_lost_card", "tok_do_not_honour", "tok_revoked",
    "tok_timeout_after_charge", "tok_timeout_before_charge", "tok_500_then_approve", "tok_garbage", "tok_slow",
)  # fmt: skip
