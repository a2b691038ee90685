"""The same model of an account in four ways, and what tests do with whichever it is."""

from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import msgspec
import pydantic


class Loose(TypedDict):
    """As a `TypedDict`: the session itself."""

    name: NotRequired[str]
    notes: NotRequired[list[str]]


@dataclass
class Plain:
    name: str = ""
    notes: list[str] = field(default_factory=list)


class Struct(msgspec.Struct):
    name: str = ""
    notes: list[str] = []


class Pydantic(pydantic.BaseModel):
    name: str = ""
    notes: list[str] = []


INSTANCES = [Plain, Struct, Pydantic]
ALL = [Loose, *INSTANCES]


def name(account):
    return account.get("name", "") if isinstance(account, dict) else account.name


def notes(account):
    return account.setdefault("notes", []) if isinstance(account, dict) else account.notes


def rename(account, value):
    if isinstance(account, dict):
        account["name"] = value
    else:
        account.name = value
