"""What a type checker makes of typed sessions.  Checked by mypy, and run by nobody."""

from dataclasses import dataclass
from typing import Annotated, Any, TypedDict, assert_type

import msgspec
import pydantic
from fastapi import Depends, FastAPI
from starlette.requests import Request

from connect_sqlite.asgi import SessionMiddleware
from connect_sqlite.typed import put, typed


class Loose(TypedDict, total=False):
    name: str


@dataclass
class Plain:
    name: str = ""


class Struct(msgspec.Struct):
    name: str = ""


class Model(pydantic.BaseModel):
    name: str = ""


def migrate(old: dict[str, Any]) -> Plain:
    return Plain(old["login"])


def views(request: Request) -> None:
    assert_type(typed(request.session, Loose), Loose)
    assert_type(typed(request.session, Plain), Plain)
    assert_type(typed(request.session, Struct), Struct)
    assert_type(typed(request.session, Model), Model)
    assert_type(typed(request.session, Plain).name, str)
    put(request.session, Plain(name="Mira"))
    typed(request.session, Plain).name = 7  # type: ignore[assignment]


def account_of(request: Request) -> Plain:
    return typed(request.session, Plain)


Account = Annotated[Plain, Depends(account_of)]
app = FastAPI()
app.add_middleware(
    SessionMiddleware, store="sessions.db", secret="x" * 32, model=Plain, migrate=migrate
)


@app.get("/")
async def page(account: Account) -> str:
    assert_type(account, Plain)
    return account.name
