"""Models of pydantic, whose fields may be written otherwise than they are read."""

import logging

import pytest
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    SecretBytes,
    SecretStr,
    field_serializer,
    model_validator,
)

from connect_sqlite._session.shapes import shape_of

from .accounts import handlers, planted
from .conftest import BOTH


class ReadElsewhere(BaseModel):
    name: str = Field("", validation_alias="inName")


class WrittenElsewhere(BaseModel):
    name: str = Field("", serialization_alias="outName")


class ReadFromAPath(BaseModel):
    name: str = Field("", validation_alias=AliasPath("names", 0))


class Hidden(BaseModel):
    name: SecretStr | None = None


class HiddenBytes(BaseModel):
    name: SecretBytes = SecretBytes(b"")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (ReadElsewhere, "ReadElsewhere.name is written as name, but not read"),
        (WrittenElsewhere, "WrittenElsewhere.name is written as outName, but not read"),
        (ReadFromAPath, "ReadFromAPath.name is written as name, but not read"),
        (Hidden, "Hidden.name is written as \\*+: give it a field_serializer"),
        (HiddenBytes, "HiddenBytes.name is written as \\*+: give it a field_serializer"),
    ],
)
def test_a_field_that_would_be_lost_is_refused(model, words):
    """What would not come back as it was put in is a `TypeError` as the middleware is built."""
    with pytest.raises(TypeError, match=words):
        shape_of(model)


class OneAlias(BaseModel):
    name: str = Field("", alias="n")


class Choices(BaseModel):
    name: str = Field("", validation_alias=AliasChoices("old_name", "name"))


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    name: str = Field("", validation_alias="inName")


class Told(BaseModel):
    name: SecretStr = SecretStr("")

    @field_serializer("name", when_used="json")
    def tell(self, value):
        return value.get_secret_value()


class Renaming(BaseModel):
    name: str = Field("", validation_alias="inName")

    @model_validator(mode="before")
    @classmethod
    def rename(cls, data):
        return {"inName": data.get("name", "")}


@pytest.mark.parametrize("model", [OneAlias, Choices, ByName, Told, Renaming])
def test_a_field_that_comes_back_is_taken(model):
    """One alias, a choice of them, a secret that is told: an instance comes back as it was."""
    shape = shape_of(model)
    made = shape.load({"name": "Mira", "n": "Mira"})
    assert "Mira" in str(shape.dump(made))
    assert made == shape.load(shape.dump(made))


class Item(BaseModel):
    count: int = 0


class Cart(BaseModel):
    name: str = ""
    items: dict[str, Item] = {}
    votes: dict[str, int] = {}


@BOTH
@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"items": {"secret words": {"count": "secret"}}}, "items.….count: expected int_parsing"),
        ({"votes": {"secret words": "secret"}}, "votes.…: expected int_parsing"),
    ],
)
def test_a_key_that_is_data_is_in_no_message(site, store, caplog, data, place):
    """The log says where a session does not fit by the model's own names alone."""
    pages = site(handlers(Cart), model=Cart)
    browser = pages.browser()
    planted(pages, browser, store, data)
    with caplog.at_level(logging.WARNING, "connect_sqlite"):
        browser.get("/in")
    assert place in caplog.text
    assert "secret" not in caplog.text
