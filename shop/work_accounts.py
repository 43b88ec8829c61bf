"""Work accounts: customers' accounts through which people of the shop ask the bot about the whole shop.

A supervisor or an administrator of the desk is linked to one account; whoever
talks as that account, on any channel, is answered as an operator. Order number
and phone tail, which stand on parcels, are no proof for such an account
(``shop.identity``): it speaks by the page's signed token or a messenger's link code.

``python -m shop.work_accounts link LOGIN CUSTOMER`` and ``… unlink CUSTOMER``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from shop.errors import BadValue, NotFound, ShopError
from shop.models import Agent, Conversation, Customer, WorkAccount

if TYPE_CHECKING:
    from shop.front import Shop

OPERATORS = ("supervisor", "admin")


def role_of(shop: Shop, customer_id: int | None) -> str | None:
    """The role behind a customer's account: supervisor or admin; None for customers."""
    if customer_id is None:
        return None
    query = select(Agent.role).join(WorkAccount, WorkAccount.agent_id == Agent.id)
    with shop.database.read() as session:
        role = session.execute(query.where(WorkAccount.customer_id == customer_id, Agent.is_active.is_(True))).scalar()
    return str(role) if role in OPERATORS else None


def link(shop: Shop, login: str, customer_id: int) -> None:
    """Let an account speak for an agent.

    Links of before are cut: who made them may have known no more than a parcel's label.

    Raises:
        NotFound: there is no such agent or customer.
        BadValue: the agent is neither supervisor nor administrator.
    """
    with shop.database.change() as session:
        agent = session.execute(select(Agent).where(Agent.login == login.lower())).scalar_one_or_none()
        if agent is None or session.get(Customer, customer_id) is None:
            raise NotFound("no such agent or customer")
        if agent.role not in OPERATORS:
            raise BadValue(f"role {agent.role!r}: a work account needs one of {OPERATORS}", field="role")
        session.execute(delete(WorkAccount).where(WorkAccount.customer_id == customer_id))
        session.add(WorkAccount(customer_id=customer_id, agent_id=agent.id))
        session.execute(
            update(Conversation).where(Conversation.linked_id == customer_id).values(linked_id=None, linked_until=None)
        )


def unlink(shop: Shop, customer_id: int) -> None:
    """Make an account a customer's again; harmless when it was."""
    with shop.database.change() as session:
        session.execute(delete(WorkAccount).where(WorkAccount.customer_id == customer_id))


def main(arguments: list[str] | None = None) -> int:
    """Link or unlink from a terminal."""
    import argparse

    from shop.front import open_shop

    parser = argparse.ArgumentParser(prog="python -m shop.work_accounts", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("link")
    one.add_argument("login")
    one.add_argument("customer", type=int)
    commands.add_parser("unlink").add_argument("customer", type=int)
    given = parser.parse_args(arguments)
    try:
        if given.command == "link":
            link(open_shop(), given.login, given.customer)
        else:
            unlink(open_shop(), given.customer)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
