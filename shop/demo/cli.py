"""``python -m shop.demo``: build, token, shell, facts, refresh, check."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from typing import Any

from shop.demo.making import SEED, build
from shop.errors import ShopError
from shop.front import Shop, open_shop

CHANNEL = "shell"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        return run(open_shop(), sys.argv[1:] if arguments is None else arguments)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2


def run(shop: Shop, arguments: list[str]) -> int:
    """Run one command over a shop; returns the exit code."""
    options = _parser().parse_args(arguments)
    return int(options.run(shop, options) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shop.demo", description="The demo shop.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    make = commands.add_parser("build", help="make the demo shop, if it is not there")
    make.add_argument("--seed", type=int, default=SEED, help="another seed, another shop")
    make.add_argument("--small", action="store_true", help="60 products, 200 customers, 1,500 orders: for tests")
    make.add_argument("--force", action="store_true", help="make it anew; deletes the demo shop that is there")
    make.add_argument("--quiet", action="store_true", help="no progress")
    make.set_defaults(run=_build)
    young = commands.add_parser("refresh", help="bring a demo shop that has grown old up to now (`build` does so too)")
    young.add_argument("--quiet", action="store_true", help="no progress")
    young.set_defaults(run=_refresh)
    check = commands.add_parser("check", help="prove by SQL that all rows agree with each other")
    check.set_defaults(run=_check)
    facts = commands.add_parser("facts", help="what is where in the shop, as JSON: sold out, scarce, on offer, open")
    facts.set_defaults(run=_facts)
    token = commands.add_parser("token", help="a customer's token and facts as JSON, to script a talk")
    token.add_argument("--customer", type=int, default=1, help="the customer's id; 1 has an order in every state")
    token.set_defaults(run=_token)
    shell = commands.add_parser("shell", help="link a new conversation to a customer and print its id")
    shell.add_argument("--customer", type=int, default=1)
    shell.set_defaults(run=_shell)
    return parser


def _build(shop: Shop, options: argparse.Namespace) -> None:
    if not build(shop, seed=options.seed, small=options.small, force=options.force, quiet=options.quiet):
        _refresh(shop, options)


def _refresh(shop: Shop, options: argparse.Namespace) -> None:
    from shop.demo.refresh import refresh

    done = refresh(shop, quiet=options.quiet)
    if done and not options.quiet:
        told = f"{done['new']} new orders, {done['moved']} moved on, {done['expired']} unpaid ones expired"
        print(f"→ the demo shop is young again: {told}", file=sys.stderr)


def _check(shop: Shop, options: argparse.Namespace) -> int:
    from shop.demo.check import CHECKS, find_faults

    with shop.database.read() as session:
        faults = find_faults(session, shop.clock())
    for rule, count in faults.items():
        print(f"{count} rows break: {rule}")
    print(f"{len(CHECKS) - len(faults)} of {len(CHECKS)} rules hold")
    return 1 if faults else 0


def _facts(shop: Shop, options: argparse.Namespace) -> None:
    from shop.demo.facts import shop_facts

    _print(shop_facts(shop))


def _token(shop: Shop, options: argparse.Namespace) -> None:
    from shop.demo.facts import customer_facts

    _print({"token": shop.identity.issue_token(options.customer), "customer": customer_facts(shop, options.customer)})


def _shell(shop: Shop, options: argparse.Namespace) -> None:
    sender = f"shell-{secrets.token_hex(8)}"
    shop.customers.facts(options.customer)
    shop.identity.link(sender, options.customer, CHANNEL)
    print(sender)


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
