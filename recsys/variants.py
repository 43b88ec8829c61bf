"""Which model answers whom: an A/B test by the hash of the customer or the conversation."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from recsys.artefact import PARTS, Artefact
from shop.errors import BadSetting
from shop.settings import PREFIX, Settings

WHOLE = "blend"


def variants_of(settings: Settings) -> dict[str, float]:
    """Variant → its share, shares summing to 1.

    Raises:
        BadSetting: a name is unknown or a share is no number above 0.
    """
    text = settings.recommend_variants
    found: dict[str, float] = {}
    try:
        for one in text.split(","):
            name, _, share = one.partition(":")
            found[name.strip()] = float(share or 1)
    except ValueError:
        found = {}
    known = all(name == WHOLE or set(name.split("+")) <= set(PARTS) for name in found)
    if not found or not known or min(found.values()) <= 0:
        mend = f"give name:share with commas between; a name is {WHOLE}, or some of {', '.join(PARTS)} joined by +"
        raise BadSetting(f"{PREFIX}RECOMMEND_VARIANTS", text, mend)
    total = sum(found.values())
    return {name: share / total for name, share in found.items()}


def variant_for(variants: dict[str, float], who: str) -> str:
    """The variant that answers someone: always the same one for the same name."""
    digest = hashlib.blake2b(f"variant {who}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest, "big") / 2**64
    for name, share in variants.items():
        place -= share
        if place < 0:
            return name
    return next(reversed(variants))


def varied(artefact: Artefact, variant: str) -> Artefact:
    """The artefact with only a variant's parts in force."""
    if variant == WHOLE:
        return artefact
    kept = variant.split("+")
    return replace(artefact, weights={name: artefact.weights[name] or 1.0 if name in kept else 0.0 for name in PARTS})
