"""``python -m recsys.recommender --customer ID [--explain] [--count N] [--json]``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from recsys.ask import Ask
from recsys.recommender import Pick, Recommender, recommender_of
from recsys.scoring import Scorer
from shop.front import open_shop


def run(arguments: list[str] | None = None) -> int:
    """Print a customer's recommendations; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m recsys.recommender", description="What a customer is shown, and why."
    )
    parser.add_argument("--customer", type=int, help="the customer's id; none: a guest")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--explain", action="store_true", help="show each part's share of the score, and the reasons")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    recommender = recommender_of(open_shop())
    ask = Ask(customer_id=options.customer, count=options.count, explore=0.0)
    picks = recommender.recommend(ask)
    names = {card.code: card.name for card in recommender.cards(picks)}
    rows = [_row(one, names.get(one.code, ""), recommender, ask, options.explain) for one in picks]
    if options.json:
        print(json.dumps({"version": recommender.version, "picks": rows}, ensure_ascii=False, indent=1))
        return 0
    print(f"version {recommender.version}")
    for number, row in enumerate(rows, 1):
        print(f"{number:2}. {row['score']:6.2f}  {row['code']}  {row['name']}")
        if options.explain:
            print("     " + "  ".join(f"{name} {value:+.2f}" for name, value in row["parts"].items()))
            for why in row["reasons"]:
                kind = "-".join(filter(None, [why["kind"], why["way"]]))
                print(f"     {kind} ({why['drop']:+.2f}) {why['facts'] or ''}")
    return 0


def _row(pick: Pick, name: str, recommender: Recommender, ask: Ask, explain: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"code": pick.code, "name": name, "score": round(pick.score, 3)}
    if explain:
        row["reasons"] = [asdict(one) for one in pick.reasons]
        row["parts"] = contributions(recommender, ask, pick.product_id)
    return row


def contributions(recommender: Recommender, ask: Ask, product_id: int) -> dict[str, float]:
    """What each part of the model adds to a product's score; empty for what the model does not know."""
    artefact = recommender.serving()
    column = None if artefact is None else artefact.column_of.get(product_id)
    if artefact is None or column is None:
        return {}
    scorer = Scorer(artefact, recommender.history(ask))
    return {name: round(float(value[0]), 3) for name, value in scorer.parts(np.array([column])).items()}
