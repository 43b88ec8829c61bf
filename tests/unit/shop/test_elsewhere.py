"""What a platform's own staff says."""

from __future__ import annotations

from datetime import timedelta

SENDER = "wecom_kf:7"


def test_their_words_keep_their_moment_and_never_stand_before_what_was_kept_already(shop, clock):
    shop.messages.record_in(SENDER, "wecom_kf", {"text": "1"})
    first = clock.now
    shop.elsewhere.take(SENDER, "Mei")
    clock.on(minutes=30)
    for name, minutes in (("a", 10), ("b", -5), ("c", 90)):
        shop.elsewhere.said(SENDER, name, "Mei", name, (first + timedelta(minutes=minutes)).timestamp())
    moments = [one.at - first for one in shop.messages.history(SENDER)]
    assert moments == [timedelta(minutes=one) for one in (0, 10, 10, 30)]
