"""Every error of the services has a reply that a customer can read."""

from __future__ import annotations

import re

import pytest

from shop import errors
from tests.house.project import responses

# These read like the class above them, on purpose.
LIKE_THEIR_PARENT = {
    "Erased",  # nobody reads it: the talk is gone
    "LastAdmin",  # the desk's own page says it; no customer meets it
}
# For what is no error of ours: a bug, under an incident number.
OF_NO_CLASS = {"utter_error_internal"}
PREFIX = "utter_error_"


def _tree(root: type[errors.ShopError] = errors.ShopError) -> list[type[errors.ShopError]]:
    return [root] + [
        one for child in root.__subclasses__() if child.__module__ == "shop.errors" for one in _tree(child)
    ]


def _response(cls: type[errors.ShopError]) -> str:
    return PREFIX + re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


@pytest.mark.parametrize("cls", _tree(), ids=lambda cls: cls.__name__)
def test_an_error_has_a_reply_of_its_own_or_reads_like_its_parent_on_purpose(cls: type[errors.ShopError]):
    if cls.__name__ in LIKE_THEIR_PARENT:
        assert _response(cls) not in responses(), "it has a reply: take it off the list"
        assert any(_response(above) in responses() for above in cls.__mro__[1:] if above.__name__ != "object")
    else:
        assert _response(cls) in responses(), f"write {_response(cls)} into bot/domain/errors.yml"


def test_there_is_no_reply_to_an_error_that_does_not_exist():
    known = {_response(cls) for cls in _tree()}
    assert {name for name in responses() if name.startswith(PREFIX)} - known == OF_NO_CLASS


def test_the_drawing_at_the_top_of_the_tree_shows_every_error():
    assert [cls.__name__ for cls in _tree() if cls.__name__ not in (errors.__doc__ or "")] == []
