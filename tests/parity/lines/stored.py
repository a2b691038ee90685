"""F: the row's text."""

import json

from ..listing import line
from .wire import ALL_ATTRIBUTES, HTTPS


@line(
    "F1",
    "By default the row says that its cookie has no end, and its path; then come the data.",
    express='{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"n":1}',
    here='{"cookie":{"originalMaxAge":null,"expires":null,"secure":false,"httpOnly":true,'
    '"path":"/","sameSite":"lax"},"n":1}',
    why="So are `secure` and `sameSite`, which have defaults here.",
    harness={"bare": True},
    save_uninitialized=False,
)
def plain_row(visit):
    visit.get("count")
    return visit.texts[0]


@line(
    "F1",
    "What is set of the cookie stands in a fixed order, times in milliseconds and in UTC.",
    both='{"cookie":{"originalMaxAge":60000,"partitioned":true,"priority":"high",'
    '"expires":"2026-11-18T11:07:40.000Z","secure":true,"httpOnly":true,"domain":"shop.example",'
    '"path":"/","sameSite":"lax"},"n":1}',
    cookie=ALL_ATTRIBUTES,
    proxy=True,
)
def full_row(visit):
    visit.get("count", headers=HTTPS)
    return visit.texts[0]


@line(
    "F2",
    "`sameSite` is written as it was given: `true` stays `true`.",
    express=True,
    here="strict",
    why="It is written as the word that it stands for; theirs is read.",
    cookie={"same_site": True},
)
def same_site_as_given(visit):
    visit.get("count")
    return visit.stored_cookie["sameSite"]


@line("F2", "The id is not in it.", both=False)
def no_id(visit):
    visit.get("count")
    return visit.sid in visit.texts[0]


MARKS = {"created": 1_794_000_000_000}


@line(
    "F2",
    "What else is in the row stays, such as this package's `_session`.",
    both=MARKS,
)
def marks_stay(visit):
    visit.seed({"_session": MARKS})
    visit.get("count")
    (row,) = visit.site.rows.all()
    return json.loads(row["text"])["_session"]
