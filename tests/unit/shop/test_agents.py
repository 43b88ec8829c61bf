"""Who works at the desk: logins, sessions, the audit log."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shop.agent_sessions import network
from shop.errors import AlreadyOpen, BadToken, BadValue, LastAdmin, NotFound, NotIdentified, TooManyTries

PASSWORD = "correct horse"


@pytest.fixture
def mei(shop):
    return shop.agents.add("mei", "小美", PASSWORD)


def test_an_agent_logs_in_is_known_and_logs_out(shop, mei):
    agent, token = shop.agents.log_in(" MEI ", PASSWORD, "10.0.0.1")
    assert agent.id == mei.id
    assert shop.agents.who(token).name == "小美"
    shop.agents.log_out(token)
    with pytest.raises(BadToken):
        shop.agents.who(token)


def test_neither_password_nor_token_stands_in_the_database(shop, mei):
    _, token = shop.agents.log_in("mei", PASSWORD)
    with shop.database.read() as session:
        kept = str(session.execute(text("SELECT * FROM agent")).all())
        kept += str(session.execute(text("SELECT * FROM agent_session")).all())
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    assert token not in kept


@pytest.mark.parametrize(
    ("login", "password"), [("mei", "wrong horse"), ("nobody", PASSWORD), (None, PASSWORD), ("mei", None), (5, 5)]
)
def test_a_wrong_login_opens_nothing(shop, mei, login, password):
    with pytest.raises(NotIdentified):
        shop.agents.log_in(login, password)


def test_after_five_wrong_passwords_even_the_right_one_waits(shop, mei, clock):
    for _ in range(5):
        with pytest.raises(NotIdentified):
            shop.agents.log_in("mei", "wrong horse")
    with pytest.raises(TooManyTries):
        shop.agents.log_in("mei", PASSWORD)
    clock.on(minutes=16)
    assert shop.agents.log_in("mei", PASSWORD)


def test_a_stranger_elsewhere_cannot_lock_an_agent_out(shop, mei):
    for _ in range(5):
        with pytest.raises(NotIdentified):
            shop.agents.log_in("mei", "wrong horse", "203.0.113.9")
    with pytest.raises(TooManyTries):
        shop.agents.log_in("mei", PASSWORD, "203.0.113.9")
    assert shop.agents.log_in("mei", PASSWORD, "10.0.0.1")
    with pytest.raises(TooManyTries):  # and her own login does not open the stranger's way again
        shop.agents.log_in("mei", PASSWORD, "203.0.113.9")


@pytest.mark.parametrize(
    ("address", "counted"),
    [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
     ("", ""), ("x" * 99, "x" * 50)],
)  # fmt: skip
def test_an_ipv6_customer_is_one_address(address, counted):
    assert network(address) == counted


def test_one_address_cannot_try_many_logins(shop, mei):
    for place in range(30):
        with pytest.raises(NotIdentified):
            shop.agents.log_in(f"agent{place}", "wrong horse", "10.0.0.9")
    with pytest.raises(TooManyTries):
        shop.agents.log_in("mei", PASSWORD, "10.0.0.9")
    assert shop.agents.log_in("mei", PASSWORD, "10.0.0.1")


def test_a_session_ends_by_time_by_revocation_by_a_new_password_and_with_its_agent(shop, mei, clock):
    def opened():
        return shop.agents.log_in("mei", PASSWORD)[1]

    first, second = opened(), opened()
    assert shop.agents.revoke(mei.id) == 2
    third = opened()
    shop.agents.change(mei.id, password="another horse")
    shop.agents.change(mei.id, password=PASSWORD)
    fourth = opened()
    clock.on(hours=shop.settings.desk_session_hours + 1)
    fifth = opened()
    shop.agents.change(mei.id, is_active=False)
    for token in (first, second, third, fourth, fifth):
        with pytest.raises(BadToken):
            shop.agents.who(token)
    with pytest.raises(NotIdentified):
        opened()


@pytest.mark.parametrize("token", [None, "", "x" * 43, "x" * 5000, 7])
def test_what_is_no_token_is_nobody(shop, mei, token):
    with pytest.raises(BadToken):
        shop.agents.who(token)


@pytest.mark.parametrize(
    "values",
    [{"role": "god"}, {"groups": []}, {"groups": ["x"]}, {"capacity": 0}, {"capacity": True}, {"name": " "},
     {"password": "short"}, {"login": "x"}, {"is_active": 1}],
)  # fmt: skip
def test_a_field_that_has_not_its_form_is_refused(shop, mei, values):
    with pytest.raises(BadValue):
        shop.agents.change(mei.id, **values)


@pytest.mark.parametrize("values", [{"role": "supervisor"}, {"is_active": False}])
def test_the_last_admin_at_work_stays_one(shop, mei, values):
    first = shop.agents.add("first", "一", PASSWORD, "admin")
    second = shop.agents.add("second", "二", PASSWORD, "admin")
    assert shop.agents.change(second.id, **values)
    with pytest.raises(LastAdmin):
        shop.agents.change(first.id, **values)
    assert shop.agents.change(first.id, name="还在", role="admin", is_active=True).role == "admin"
    assert shop.agents.change(mei.id, **values)


def test_a_login_is_there_once_and_must_be_typable(shop, mei):
    with pytest.raises(AlreadyOpen):
        shop.agents.add("Mei", "另一个", PASSWORD)
    with pytest.raises(BadValue):
        shop.agents.add("小美", "小美", PASSWORD)
    with pytest.raises(NotFound):
        shop.agents.get(mei.id + 1)


def test_the_audit_log_tells_who_did_what_newest_first(shop, mei):
    shop.agents.log_in("mei", PASSWORD)
    shop.agents.audit(mei.id, "reveal_phone", "customer:7", talk=3)
    log = shop.agents.audit_log()
    assert [one["action"] for one in log] == ["reveal_phone", "login"]
    assert (log[0]["agent"], log[0]["subject"], log[0]["detail"]) == ("小美", "customer:7", {"talk": 3})
    assert [one["action"] for one in shop.agents.audit_log(before_id=log[0]["id"])] == ["login"]
