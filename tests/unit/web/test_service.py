"""The service pages' data: every number has its talks; groups are taught; letters are revived."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from shop.agents import GROUPS
from shop.elsewhere import MARK
from shop.errors import BadValue, Unavailable
from shop.handoff_rows import ELSEWHERE
from web.app import create_app
from web.dashboard.teaching import Teaching, asked, learn
from web.guard import Guard

PASSWORD = "a long password"
GROUP = {
    "number": 3, "messages": 2, "texts": ["能刻字吗", "可以刻字吗"], "keywords": ["刻字"],
    "proposal": {"kind": "faq", "target": "engraving", "score": 0.8},
}  # fmt: skip


def client(shop, app=None, role="supervisor"):
    made = TestClient(app or create_app(shop), follow_redirects=False)
    shop.agents.add("boss", "B", PASSWORD, role)
    made.headers["Authorization"] = f"Bearer {shop.agents.log_in('boss', PASSWORD)[1]}"
    return made


@pytest.fixture
def boss(shop):
    return client(shop)


@pytest.fixture
def talks(shop, clock):
    """Three talks on the clock's day: thanked for, left, handed over and rated."""
    for sender, intents in (("a", ["order_status", "thank"]), ("b", ["ask_stock"]), ("c", ["complain"])):
        for intent in intents:
            asked_id, _ = shop.messages.record_in(sender, "web", {"text": "x"})
            shop.messages.record_answers(sender, [{"text": "y"}], asked_id, heard=("neu", 0), meant=intent)
    ann = shop.agents.add("ann", "ann", PASSWORD)
    view = shop.handoffs.request("c", None, "complaint", skill_group="complaint")
    clock.on(seconds=10)
    shop.handoffs.accept(view.id, ann.name, ann.id)
    clock.on(seconds=20)
    shop.desk.speak("c", ann, {"text": "z"}, "m")
    shop.handoffs.close(view.id, by=ann.id)
    shop.handoffs.rate("c", view.id, 4)
    return ann


def test_plain_agents_see_no_reports(shop):
    plain = client(shop, role="agent")
    for path in ("service", "service_talks", "unanswered", "letters"):
        assert plain.get(f"/dashboard/api/{path}").status_code == 403


def test_every_group_and_every_end_of_a_talk_has_its_word():
    desk, report = (json.loads(Path(f"web/{one}/texts.zh.json").read_text("utf-8")) for one in ("desk", "dashboard"))
    assert {*GROUPS, ELSEWHERE} <= set(desk["groups"]) & set(report["skill"])
    assert {MARK, "erased"} <= set(report["closes"])


BESIDE = {
    "accepted": ("accepted",), "left": ("close", "left"), "timeout": ("close", "timeout"), "rated": ("rated",),
    "handed": ("outcome", "handed"), "confirmed": ("outcome", "confirmed"), "assumed": ("outcome", "assumed"),
    "taken_back": ("outcome", "taken_back"),
}  # fmt: skip
"""Columns of a row, and the second condition of the talks behind them."""


def test_every_number_of_the_report_opens_as_many_talks(boss, talks):
    overview = boss.get("/dashboard/api/service").json()
    sums = overview["containment"]
    assert (sums["talks"], sums["handed"], sums["confirmed"], sums["assumed"]) == (3, 1, 1, 1)
    numbers = [("talks", "", 3), ("contained", "", 2), ("handoffs", "", 1), ("accepted", "", 1), ("rated", "", 1)]
    numbers += [("outcome", name, sums[name]) for name in ("handed", "confirmed", "assumed", "taken_back")]
    numbers += [("close", "solved", 1), ("close", "timeout", 0)]
    for part, kind, key, count in (
        ("overview", "day", "day", "talks"), ("reasons", "reason", "reason", "handoffs"),
        ("groups", "group", "group", "handoffs"), ("agents", "agent", "agent_id", "handoffs"),
        ("intents", "intent", "intent", "talks"),
    ):  # fmt: skip
        rows = boss.get(f"/dashboard/api/service?part={part}").json()["rows"]
        assert rows, part
        numbers += [(kind, row[key], row[count]) for row in rows]
        for column, also in BESIDE.items():
            numbers += [(kind, row[key], row[column], *also) for row in rows if column in row]
    assert len([one for one in numbers if len(one) > 3]) > 10
    for kind, value, count, *also in numbers:
        second = dict(zip(("also", "also_value"), also))
        found = boss.get("/dashboard/api/service_talks", params={"kind": kind, "value": value, **second}).json()
        assert (found["count"], len(found["rows"])) == (count, count), (kind, value, also)


def test_an_hour_opens_the_talks_that_were_busy_then(boss, talks):
    (hour,) = boss.get("/dashboard/api/service?part=hours").json()["rows"]
    value = f"{hour['weekday']}-{hour['hour']}"
    assert boss.get("/dashboard/api/service_talks", params={"kind": "hour", "value": value}).json()["count"] == 3
    assert boss.get("/dashboard/api/service_talks", params={"kind": "hour", "value": "7-3"}).json()["count"] == 0


def test_the_report_comes_as_csv_and_for_any_span(boss, talks, clock):
    assert (
        boss.get("/dashboard/api/service?part=agents&format=csv")
        .text.splitlines()[0]
        .startswith("\ufeffagent_id,agent")
    )
    later = (clock() + timedelta(days=3)).date()
    span = {"from": str(later), "to": str(later)}
    assert boss.get("/dashboard/api/service", params=span).json()["containment"]["talks"] == 0
    assert boss.get("/dashboard/api/service_talks", params=span).json() == {"rows": [], "count": 0}


@pytest.mark.parametrize(
    "query", ["service?part=x", "service_talks?kind=x", "service?from=x", "service_talks?kind=day&also=rated"]
)
def test_a_part_that_does_not_exist_is_refused(boss, query):
    assert boss.get(f"/dashboard/api/{query}").status_code == 400


class Learn:
    """Instead of ``python -m nlp.learn``."""

    def __init__(self, error=None):
        self.asked, self.error = [], error

    def __call__(self, arguments):
        self.asked.append(list(arguments))
        if self.error:
            raise self.error
        return (
            json.dumps(GROUP, ensure_ascii=False) + "\n" if arguments[0] == "list" else "2 messages went to engraving\n"
        )


def taught(shop, learn):
    return client(shop, Starlette(routes=Teaching(shop, learn).routes(Guard(shop))))


def test_groups_are_shown_and_settled_as_asked_and_the_log_says_by_whom(shop):
    learn = Learn()
    boss = taught(shop, learn)
    (row,) = boss.get("/dashboard/api/unanswered").json()["rows"]
    assert (row["number"], row["kind"], row["target"]) == (3, "faq", "engraving")
    for body in ({"action": "take"}, {"action": "take", "faq": "new_one", "answer": "--可以"}, {"action": "drop"}):
        assert boss.post("/dashboard/api/unanswered/3", json=body).status_code == 200
    assert learn.asked[1:] == [["take", "3"], ["take", "3", "--faq=new_one", "--answer=--可以"], ["drop", "3"]]
    assert shop.agents.audit_log()[0]["action"] == "unanswered"


def test_what_the_teacher_refuses_is_said(shop):
    boss = taught(shop, Learn(BadValue("group 3 needs a home", field="group")))
    answer = boss.post("/dashboard/api/unanswered/3", json={"action": "take"})
    assert (answer.status_code, answer.json()["said"]) == (400, "group 3 needs a home")
    slow = Starlette(routes=Teaching(shop, Learn(Unavailable("slow"))).routes(Guard(shop)))
    boss.app = slow
    assert TestClient(slow, headers=dict(boss.headers)).get("/dashboard/api/unanswered").status_code == 503


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"action": "x"}, {"action": "take", "faq": "a b"}, {"action": "take", "faq": "--help "},
     {"action": "take", "answer": "x" * 1001}, {"action": "take", "intent": 3}],
)  # fmt: skip
def test_a_damaged_wish_reaches_no_program(body):
    with pytest.raises(BadValue):
        asked(3, body)


def test_the_teacher_is_a_process_over_the_same_shop(shop):
    """The real program starts, reads this shop's database, and says that there is no such group."""
    if not shop.database.is_sqlite:
        pytest.skip("once is enough")
    with pytest.raises(BadValue):
        learn(shop.settings, ["take", "9"])


def test_a_dead_letter_is_listed_masked_and_revived_once(shop, boss):
    letter = shop.outbox.post("wechat", "wechat:o1", [{"text": "请打 13812345678"}], "bot", key="k")
    shop.outbox.bury(letter, "45015")
    found = boss.get("/dashboard/api/letters").json()
    assert [(one["id"], one["error"], one["text"]) for one in found["rows"]] == [(letter, "45015", "请打 138****5678")]
    assert found["counts"] == [{"channel": "wechat", "dead": 1}]
    assert boss.post(f"/dashboard/api/letters/{letter}/revive", json={}).status_code == 200
    assert boss.post(f"/dashboard/api/letters/{letter}/revive", json={}).status_code == 404
    assert boss.post("/dashboard/api/letters/99999999999/revive", json={}).status_code == 404
    assert shop.outbox.counts() == {"wechat": {"waiting": 1}}
