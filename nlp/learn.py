"""What customers ask and the bot does not know, and teaching it.

    python -m nlp.learn [--json]                               groups of unanswered messages with a proposal each
    python -m nlp.learn take NUMBER [--intent NAME | --faq ID [--answer TEXT] [--of INTENT]]
    python -m nlp.learn drop NUMBER

``take`` does what was proposed, or what the options say: lines of an intent go to
``data/nlu`` (train again), questions and entries to ``data/faq`` (live at once).
A new entry needs its answer. NUMBER is the one that the list shows.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Sequence

from nlp.datasets import NLU
from nlp.encoder import shared_encoder
from nlp.faq import FaqIndex
from nlp.learning import Group, Learner
from nlp.predict import understander
from nlp.teaching import add_entry, add_to_entry, add_to_intent
from shop.errors import BadValue, ShopError
from shop.faq_store import FOLDER, facts
from shop.front import Shop, open_shop


def found_groups(shop: Shop) -> list[Group]:
    """The groups of the shop's open messages; without a trained model no intents are proposed."""
    try:
        classifier = understander().classifier
    except BadValue:
        classifier = None
    return Learner(shared_encoder(), classifier, FaqIndex(shop.faq)).groups(shop.unanswered.open())


def take(shop: Shop, group: Group, asked: argparse.Namespace, nlu: Path = NLU, faq: Path = FOLDER) -> str:
    """Write what a group becomes and settle its messages; returns one line that says what was done.

    Raises:
        BadValue: an answer is missing, or a name is unknown.
    """
    known = facts(shop.settings)
    intent = asked.intent or (group.target if group.kind == "intent" and not asked.faq else "")
    entry = asked.faq or (group.target if group.kind == "faq" and not asked.intent else "")
    if intent:
        path = add_to_intent(intent, group.texts, nlu)
    elif entry and shop.faq.entry(entry):
        path = add_to_entry(entry, group.texts, known, faq)
    elif entry and asked.answer:
        path = add_entry(entry, group.texts, asked.answer, known, asked.of or "", faq)
    else:
        raise BadValue(f"group {group.number} needs a home: --intent NAME, or --faq ID with --answer TEXT if it is new")
    shop.unanswered.settle(group.ids, "taken")
    return f"{len(group.texts)} messages went to {intent or entry} in {path}"


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.learn", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["list", "take", "drop"], default="list")
    parser.add_argument("number", nargs="?", type=int)
    for name in ("intent", "faq", "answer", "of"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        _run(open_shop(), asked)
    except ShopError as error:
        raise SystemExit(str(error)) from error


def _run(shop: Shop, asked: argparse.Namespace) -> None:
    groups = found_groups(shop)
    if asked.what == "list":
        for group in groups:
            row = group.as_json()
            print(json.dumps(row, ensure_ascii=False) if asked.json else _shown(group))
        if not groups and not asked.json:
            print("no two unanswered messages ask alike")
        return
    chosen = next((one for one in groups if one.number == asked.number), None)
    if chosen is None:
        raise BadValue(f"there is no group {asked.number}; python -m nlp.learn lists them")
    if asked.what == "take":
        print(take(shop, chosen, asked))
    else:
        print(f"{shop.unanswered.settle(chosen.ids, 'dropped')} messages dropped")


def _shown(group: Group) -> str:
    wish = f"{group.kind} {group.target} ({group.score:.2f})" if group.target else "a new FAQ entry"
    lines = [f"{group.number}: {len(group.ids)} messages, {' '.join(group.keywords)} -> {wish}"]
    return "\n".join([*lines, *(f"    {text}" for text in group.texts[:5])])


if __name__ == "__main__":
    main()
