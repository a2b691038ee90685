"""What a type's annotations ask of data that came from JSON."""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

__all__ = ["Converter", "Misfit", "converter_of", "is_typed_dict", "keys_of"]

Converter = Callable[[Any, str], Any]
"""Makes of a value, at a path, what the type wants.  Raises `Misfit`."""

_PLAIN = {str: (str,), int: (int,), float: (int, float), bool: (bool,), type(None): (type(None),)}
_MARKERS = ("Required", "NotRequired", "ReadOnly")


class Misfit(Exception):
    """Data do not fit: the path and what was expected there, never the value."""

    def __init__(self, path: str, expected: str) -> None:
        super().__init__(f"{path}: expected {expected}" if path else f"expected {expected}")


def is_typed_dict(model: Any) -> bool:
    """Whether it is a `TypedDict`, of `typing` or of `typing_extensions`."""
    return isinstance(model, type) and issubclass(model, dict) and hasattr(model, "__total__")


def keys_of(model: Any) -> frozenset[str]:
    """The keys that a `TypedDict` or a dataclass knows."""
    if is_typed_dict(model):
        return frozenset(typing.get_type_hints(model))
    return frozenset(field.name for field in dataclasses.fields(model) if field.init)


def converter_of(model: Any) -> Converter:
    """Of a `TypedDict` or a dataclass.  `TypeError` names a field whose type JSON has not."""
    return _Converters().of(model, model.__name__)


class _Converters:
    def __init__(self) -> None:
        self._made: dict[Any, Converter] = {}
        """By class, so that one may hold itself."""

    def of(self, kind: Any, place: str) -> Converter:
        kind, origin, arguments = _plain(kind)
        if kind is Any or kind is object:
            return lambda value, _: value
        if kind in _PLAIN:
            return _exactly(_PLAIN[kind], _name(kind))
        if origin is typing.Literal:
            return _literal(arguments)
        if origin is typing.Union or origin is types.UnionType:
            return self._union(arguments, place)
        if (origin or kind) in (list, Sequence, Iterable):
            return self._list(arguments[0] if arguments else Any, place)
        if (origin or kind) in (dict, Mapping):
            key, value = arguments or (str, Any)
            if _plain(key)[0] is str:
                return self._mapping(value, place)
        if is_typed_dict(kind) or (dataclasses.is_dataclass(kind) and isinstance(kind, type)):
            return self._record(kind)
        raise TypeError(
            f"{place} is a {_name(kind)}, which JSON has not: use its own types, or a msgspec "
            "Struct or pydantic model, which convert others"
        )

    def _union(self, kinds: Iterable[Any], place: str) -> Converter:
        converters = [self.of(kind, place) for kind in kinds]
        expected = " | ".join(_name(kind) for kind in kinds)

        def convert(value: Any, path: str) -> Any:
            for converter in converters:
                try:
                    return converter(value, path)
                except Misfit:
                    continue
            raise Misfit(path, expected)

        return convert

    def _list(self, kind: Any, place: str) -> Converter:
        inner = self.of(kind, place)

        def convert(value: Any, path: str) -> list[Any]:
            # A tuple that is saved comes back as a list.
            if not isinstance(value, list | tuple):
                raise Misfit(path, "list")
            return [inner(each, f"{path}[{number}]") for number, each in enumerate(value)]

        return convert

    def _mapping(self, kind: Any, place: str) -> Converter:
        inner = self.of(kind, place)

        def convert(value: Any, path: str) -> dict[str, Any]:
            if not isinstance(value, dict):
                raise Misfit(path, "dict")
            # Its keys are data, and so are in no message.
            return {key: inner(each, f"{path}[…]") for key, each in dict.items(value)}

        return convert

    def _record(self, model: Any) -> Converter:
        if model in self._made:
            return self._made[model]

        def convert(value: Any, path: str) -> Any:
            if not isinstance(value, dict):
                raise Misfit(path, model.__name__)
            known = {}
            for name, inner in fields.items():
                place = f"{path}.{name}" if path else name
                if dict.__contains__(value, name):
                    known[name] = inner(dict.__getitem__(value, name), place)
                elif name in required:
                    raise Misfit(place, "a value, and it is missing")
            return value if is_typed_dict(model) else model(**known)

        self._made[model] = convert
        hints = typing.get_type_hints(model, include_extras=True)
        fields = {name: self.of(hints[name], f"{model.__name__}.{name}") for name in keys_of(model)}
        required = _required(model, hints)
        return convert


def _required(model: Any, hints: Mapping[str, Any]) -> set[str]:
    if not is_typed_dict(model):
        missing = dataclasses.MISSING
        return {
            field.name
            for field in dataclasses.fields(model)
            if field.init and field.default is missing and field.default_factory is missing
        }
    required = set(model.__required_keys__)
    for name, hint in hints.items():  # where annotations are text, the class could not know
        marker = getattr(typing.get_origin(hint), "_name", "")
        required = required - {name} if marker == "NotRequired" else required
    return required


def _plain(kind: Any) -> tuple[Any, Any, tuple[Any, ...]]:
    """The type without what is said around it: `Annotated`, `NotRequired`, a `NewType`'s name."""
    while True:
        origin = typing.get_origin(kind)
        if origin is typing.Annotated or getattr(origin, "_name", "") in _MARKERS:
            kind = typing.get_args(kind)[0]
        elif hasattr(kind, "__supertype__"):
            kind = kind.__supertype__
        elif type(kind).__name__ == "TypeAliasType":
            kind = kind.__value__
        else:
            kind = type(None) if kind is None else kind
            return kind, origin, typing.get_args(kind)


def _exactly(kinds: tuple[type, ...], expected: str) -> Converter:
    def convert(value: Any, path: str) -> Any:
        # Not isinstance: True is no number here, and what is saved is of JSON's own types.
        if type(value) not in kinds:
            raise Misfit(path, expected)
        return value

    return convert


def _literal(options: tuple[Any, ...]) -> Converter:
    expected = " or ".join(map(repr, options))

    def convert(value: Any, path: str) -> Any:
        if not any(type(value) is type(option) and value == option for option in options):
            raise Misfit(path, expected)
        return value

    return convert


def _name(kind: Any) -> str:
    if kind is None or kind is type(None):
        return "None"
    plain = isinstance(kind, type) and typing.get_origin(kind) is None
    return kind.__name__ if plain else str(kind).replace("typing.", "")
