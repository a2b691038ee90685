"""Lifetimes: what express-session and either store write, both understand."""

import time
from datetime import UTC, datetime, timedelta

import pytest

DAY = 86_400_000


def now():
    return time.time() * 1000


def test_an_express_session_is_read_here(both):
    """Its cookie's `expires`, in ISO form, is the session's end, in Node's whole seconds (P2-6)."""
    node, python = both
    began = now()
    node.save("abc123", {"user": 7}, 3_600_500)
    found = python.get("abc123")
    assert {"user", "cookie"} == set(found)
    assert {"originalMaxAge", "expires", "httpOnly", "path"} == set(found["cookie"])
    expires = datetime.fromisoformat(found["cookie"]["expires"])
    assert began + 3_600_499 <= expires.timestamp() * 1000 <= now() + 3_600_501
    assert timedelta(0) <= found.expires - expires <= timedelta(seconds=1.1)


def test_an_express_session_without_a_lifetime(both):
    """Both give it the store's own `ttl`, a day; its `expires` is null."""
    node, python = both
    began = now()
    node.save("abc123", {}, None)
    found = python.get("abc123")
    assert found["cookie"]["expires"] is None
    assert began + DAY - 1 <= found.expires_ms <= now() + DAY + 1
    python.set("abc123", found)
    assert began + DAY - 1 <= python.get("abc123").expires_ms <= now() + DAY + 1
    assert node.load("abc123") == {"data": {}, "maxAge": None, "originalMaxAge": None}


def test_an_express_session_goes_round(both):
    """Node makes it, we change it and save, and Express loads it as its own, its end unmoved."""
    node, python = both
    node.save("abc123", {"user": 7}, DAY // 2)
    found = python.get("abc123")
    found["cart"] = ["apple"]
    python.set("abc123", found)
    loaded = node.load("abc123")
    assert {"user": 7, "cart": ["apple"]} == loaded["data"]
    # Express works it out from the end that it has just set, by another look at the clock.
    assert found["cookie"]["originalMaxAge"] == loaded["originalMaxAge"]
    assert DAY // 2 - 1000 < loaded["originalMaxAge"] <= DAY // 2
    assert DAY // 2 - 60_000 < loaded["maxAge"] <= DAY // 2
    expires = datetime.fromisoformat(found["cookie"]["expires"])
    assert expires == python.get("abc123").expires


def test_expires_as_a_datetime_is_read_by_express(both):
    """What is written here is the ISO text that JavaScript's `Date` reads."""
    node, python = both
    expires = datetime.now(UTC) + timedelta(hours=1)
    cookie = {"expires": expires, "originalMaxAge": 3_600_000, "httpOnly": True, "path": "/"}
    python.set("abc123", {"cookie": cookie, "n": 1})
    loaded = node.load("abc123")
    assert {"n": 1} == loaded["data"]
    assert 3_600_000 - 60_000 < loaded["maxAge"] <= 3_600_000


def test_max_age_is_milliseconds(both):
    """`cookie.maxAge` alone gives the same lifetime on both sides (P2-6)."""
    node, python = both
    for write in (node.set, python.set):
        began = now()
        write("abc123", {"cookie": {"maxAge": 120_000}})
        assert began + 119_999 <= python.get("abc123").expires_ms <= now() + 121_000


def test_ttl_is_seconds(path, new_node, new_python):
    """The option `ttl` gives the same lifetime on both sides (P2-1)."""
    node, python = new_node(), new_python(path, ttl=3600)
    node.open({"url": path, "ttl": 3600})
    for write in (node.set, python.set):
        began = now()
        write("abc123", {"n": 1})
        assert began + 3_599_999 <= python.get("abc123").expires_ms <= now() + 3_600_001


def test_a_past_end_destroys(both):
    """Saving a session that is over deletes it, on both sides (P2-6)."""
    node, python = both
    over = {"cookie": {"expires": "2020-01-01T00:00:00.000Z"}}
    python.set("abc123", {})
    node.set("abc123", over)
    assert python.get("abc123") is None
    node.set("abc123", {})
    python.set("abc123", over)
    assert node.get("abc123") is None


def test_touch_by_express_moves_the_end(both):
    """Express's touch moves the row's end alone; `.expires` here tells the true one (P2-7)."""
    node, python = both
    node.save("abc123", {"n": 1}, 60_000)
    written = python.get("abc123")["cookie"]["expires"]
    assert "OK" == node.retouch("abc123", {"n": 1}, DAY)
    found = python.get("abc123")
    assert written == found["cookie"]["expires"]
    assert now() + DAY - 60_000 < found.expires_ms


@pytest.mark.parametrize("who", ["node", "python"])
def test_what_expires_is_gone_for_both(both, path, new_python, who):
    """By the row's end, not by the text of its cookie."""
    node, python = both
    past = time.time() - 200_000
    yesterday = new_python(path, clock=lambda: past)
    yesterday.set("gone", {"cookie": {"maxAge": 1000}})
    (node if who == "node" else python).set("here", {})
    assert ["here"] == node.ids() == python.ids()
    assert 1 == node.length() == python.length()
    assert node.get("gone") is None
    assert python.get("gone") is None
    assert "EXPIRED" == node.touch("gone", {}) == python.touch("gone", {})
    assert ["gone", "here"] == yesterday.ids()
    assert 1 == python.sweep()
    assert ["here"] == yesterday.ids()


def test_a_session_that_never_ends_here_lives_there(path, new_node, new_python):
    """`ttl=None` is stored as the end of the year 9999, which Node compares as it is."""
    python, node = new_python(path, ttl=None), new_node()
    node.open({"url": path})
    python.set("abc123", {"n": 1})
    assert {"n": 1} == node.get("abc123")
    assert 9999 == python.get("abc123").expires.year
