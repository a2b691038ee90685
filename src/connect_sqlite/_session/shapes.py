"""The models that a session's data may have to fit: one kind of shape for each kind of model.

Neither msgspec nor pydantic is imported unless a model of theirs is given.
"""

import dataclasses
import re
import typing
from collections.abc import Mapping
from typing import Any, Protocol

from orjson import dumps

from .annotations import Misfit, converter_of, is_typed_dict, keys_of

__all__ = ["Shape", "shape_of"]

_HIDDEN = "*" * 10
"""What pydantic writes for a secret."""
_EXPECTED = re.compile(r"Expected `([^`]+)`")
_PLACE = re.compile(r" - at `\$\.?([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")


class Shape(Protocol):
    """A model, as it is used here."""

    keys: frozenset[str]
    """What it knows of a session; the rest is left alone."""
    is_view: bool
    """Whether an instance is the data themselves, and not made of them."""

    def load(self, data: dict[str, Any]) -> Any:
        """An instance from data.  Raises `Misfit`."""
        ...

    def dump(self, instance: Any) -> dict[str, Any]:
        """The data of an instance, in JSON's types where the model's library converts."""
        ...


def shape_of(model: Any) -> Shape:
    """`TypeError` for what is no model, or has fields that cannot be kept."""
    if is_typed_dict(model):
        return _TypedDict(model)
    if isinstance(model, type) and hasattr(model, "__struct_fields__"):
        return _Struct(model)
    if isinstance(model, type) and hasattr(model, "model_validate_json"):
        return _Pydantic(model)
    if isinstance(model, type) and dataclasses.is_dataclass(model):
        return _Dataclass(model)
    raise TypeError("model is a TypedDict, a dataclass, a msgspec Struct or a pydantic model")


class _TypedDict:
    is_view = True

    def __init__(self, model: Any) -> None:
        self.keys = keys_of(model)
        self._convert = converter_of(model)

    def load(self, data: dict[str, Any]) -> Any:
        return self._convert(data, "")

    def dump(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        return dict(instance)


class _Dataclass(_TypedDict):
    is_view = False

    def dump(self, instance: Any) -> dict[str, Any]:
        data = dataclasses.asdict(instance)
        return {key: data[key] for key in data if key in self.keys}


class _Struct:
    is_view = False

    def __init__(self, model: Any) -> None:
        import msgspec

        config = model.__struct_config__
        if config.array_like:
            raise TypeError(f"{model.__name__} is array_like: a session is an object")
        self._library, self._model = msgspec, model
        tag = () if config.tag_field is None else (config.tag_field,)
        self.keys = frozenset((*model.__struct_encode_fields__, *tag))

    def load(self, data: dict[str, Any]) -> Any:
        try:
            return self._library.convert(data, self._model)
        except self._library.ValidationError as error:
            misfit = _misfit(str(error))
        raise misfit

    def dump(self, instance: Any) -> dict[str, Any]:
        data: dict[str, Any] = self._library.to_builtins(instance)
        return data


class _Pydantic:
    is_view = False

    def __init__(self, model: Any) -> None:
        from pydantic import ValidationError

        self._error, self._model = ValidationError, model
        fields = model.model_fields.items()
        self.keys = frozenset(_written(name, field) for name, field in fields)
        self._names = _names(model, set())
        for name, field in fields:
            _refuse_lost(model, name, field)

    def load(self, data: dict[str, Any]) -> Any:
        try:
            text = dumps(data)
        except TypeError:
            raise Misfit("", "values that JSON has") from None
        try:
            # As JSON, so that a strict model takes a date's text too.
            return self._model.model_validate_json(text)
        except self._error as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # A key that the model does not name is data, and so is in no message.
        known = (str(part) if part in self._names else _part(part) for part in first["loc"])
        missing = first["type"] == "missing"
        raise Misfit(".".join(known), "a value, and it is missing" if missing else first["type"])

    def dump(self, instance: Any) -> dict[str, Any]:
        data: dict[str, Any] = instance.model_dump(mode="json", by_alias=True, warnings=False)
        return data


def _part(part: int | str) -> str:
    return str(part) if isinstance(part, int) else "…"


def _written(name: str, field: Any) -> str:
    """The key under which pydantic writes a field."""
    return str(field.serialization_alias or field.alias or name)


def _names(model: Any, seen: set[Any]) -> set[str]:
    """All that the fields of a pydantic model, and of those in it, are called."""
    seen.add(model)
    names = set()
    for name, field in model.model_fields.items():
        aliases = (field.alias, field.validation_alias, field.serialization_alias)
        names |= {name, *(each for each in aliases if isinstance(each, str))}
        left = [field.annotation]
        while left:
            kind = left.pop()
            left += typing.get_args(kind)
            if hasattr(kind, "model_validate_json") and kind not in seen:
                names |= _names(kind, seen)
    return names


def _refuse_lost(model: Any, name: str, field: Any) -> None:
    """`TypeError` for a field that pydantic does not read as it writes it."""
    own = model.__pydantic_decorators__  # what these do is the model's own affair
    modes = [each.info.mode for each in own.model_validators.values()]
    if own.model_serializers or set(modes) - {"after"}:
        return
    key, place = _written(name, field), f"{model.__name__}.{name}"
    if not any(each == key or getattr(each, "path", None) == [key] for each in _read(name, field)):
        by_name = model.model_config.get("populate_by_name", False)
        by_name = model.model_config.get("validate_by_name", by_name)
        if not (by_name and key == name):
            raise TypeError(f"{place} is written as {key}, but not read from that: use `alias`")
    for kind in (field.annotation, *typing.get_args(field.annotation)):
        if isinstance(kind, type) and hasattr(kind, "get_secret_value"):
            trial = model.model_construct(**{name: kind("a secret")})
            if _HIDDEN in str(trial.model_dump(mode="json", include={name}, warnings=False)):
                raise TypeError(f"{place} is written as {_HIDDEN}: give it a field_serializer")


def _read(name: str, field: Any) -> list[Any]:
    """The keys, or paths, from which pydantic reads a field."""
    alias = field.validation_alias
    return [name] if alias is None else [alias, *getattr(alias, "choices", ())]


def _misfit(message: str) -> Misfit:
    """From msgspec's message, without what may be a value in it."""
    place, missing = _PLACE.search(message), _MISSING.search(message)
    path = place.group(1) if place else ""
    if missing:
        name = missing.group(1)
        return Misfit(f"{path}.{name}" if path else name, "a value, and it is missing")
    expected = _EXPECTED.search(message)
    return Misfit(path, expected.group(1) if expected else "another value")
