"""The tensors among what a pickle holds, and the keys and names that lead to each."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from lstm_inspect.checkpoint.content import STATE_DICT, Container, Content, Entry, UnreadableError
from lstm_inspect.checkpoint.formats.unpickle import Global, Made, Pairs, Persistent
from lstm_inspect.errors import one_line
from lstm_inspect.theory.warnings import SpecWarning

_DEEPEST: Final = 500
_LONGEST_KEY: Final = 500
_LARGEST: Final = 2**63
_OUTSIDE: Final = 2**31  # of every module: beyond the end of any path
_MOST_AXES: Final = 64
_MOST_AGAIN: Final = 500
_MOST_LOOKED_AT: Final = 3_000_000
_ATTRIBUTES: Final[dict[str, Any]] = {"batch_first": bool, "dropout": (int, float)}
_TOO_DEEP: Final = f"what lies deeper in it than {_DEEPEST} containers in each other was not looked at"
_OF_MODULES: Final = ("_parameters", "_buffers", "_modules")

_STORAGES: Final = {
    **{"Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64"},
    **{"Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool", "Untyped": "uint8"},
    **{"ComplexFloat": "complex64", "ComplexDouble": "complex128", "QInt8": "qint8", "QUInt8": "quint8"},
    **{"QInt32": "qint32", "QUInt4x2": "quint4x2", "QUInt2x4": "quint2x4"},
}
_NUMPY: Final = {"f": "float", "i": "int", "u": "uint", "c": "complex", "b": "bool"}


class _Node(NamedTuple):
    """A value and the keys that lead to it; from ``start`` on they are names of modules inside one another."""

    path: Container
    start: int
    key: str | int | None  # after the path; None: what the file holds
    value: Any


def tensors(held: Any) -> Content:
    """Every tensor in mappings, sequences, objects and modules; each container once, as a pickle may hold itself."""
    try:
        return _walk(held)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"it is damaged (the sizes of a tensor: {one_line(str(error))})") from None


def _walk(held: Any) -> Content:
    looked_at = 0
    found, waiting, seen = Content(), [_Node((), _OUTSIDE, None, held)], dict[int, Container]()
    while waiting:
        node = waiting.pop()
        # a pickle may give one state of a million entries to a million objects
        looked_at += 1 if id(node.value) in seen else 1 + sum(map(len, _states(node.value)))
        if looked_at > _MOST_LOOKED_AT:
            raise UnreadableError(f"it holds more than {_MOST_LOOKED_AT:,} things beside its tensors", STATE_DICT)
        tensor = _tensor(node.value)
        if tensor is not None:
            names = (*node.path[node.start :], "" if node.key is None else node.key)
            found.entries.append(Entry(node.path[: node.start], ".".join(map(str, names)), *tensor))
        elif isinstance(node.value, list | tuple | Made) and node.value:
            waiting += reversed(list(_children(node, found, seen)))
    return found


def _children(node: _Node, found: Content, seen: dict[int, Container]) -> Iterator[_Node]:
    path = node.path if node.key is None else (*node.path, node.key)
    if len(path) > _DEEPEST:
        found.warnings = [SpecWarning("too-deep", _TOO_DEEP)]
        return
    if id(node.value) in seen:
        if len(found.again) < _MOST_AGAIN:
            found.again.append((seen[id(node.value)], path))
        return
    seen[id(node.value)] = path
    attributes, class_name = _attributes(node.value), _class_name(node.value)
    module = "_parameters" in attributes and "_modules" in attributes
    scripted = class_name.startswith("__torch__.")
    start = min(node.start, len(path)) if module or scripted else node.start
    place = path[:start], ".".join(map(str, path[start:]))
    if scripted:
        found.scripted[place] = class_name
    elif module and "mode" in attributes:  # a recurrent one
        told = {name: attributes.get(name) for name in _ATTRIBUTES}
        found.attributes[place] = {name: it for name, it in told.items() if isinstance(it, _ATTRIBUTES[name])}
    for items in [attributes[name] for name in _OF_MODULES if name in attributes] if module else [node.value]:
        for key, value in _items(items):
            yield _Node(path, start, _key(key) if start > len(path) else str(_key(key)), value)


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    if not isinstance(value, Made):
        return value if isinstance(value, Pairs) else enumerate(value) if isinstance(value, list | tuple) else ()
    if _class_name(value).endswith("OrderedDict") and value.arguments:  # as Python 2 wrote it: a list of [key, value]
        return [tuple(pair) for pair in value.arguments[0] if len(pair) == 2]
    return [*value.items, *_attributes(value).items()]


def _attributes(value: Any) -> dict[str, Any]:
    return {key: item for part in _states(value) for key, item in part if isinstance(key, str)}


def _states(value: Any) -> list[Pairs]:
    """An object's attributes by name: those of its __dict__, and those of its slots."""
    state = value.state if isinstance(value, Made) else None
    return [part for part in (state if type(state) is tuple else (state,)) if isinstance(part, Pairs)]


def _class_name(value: Any) -> str:
    """The name of the class that an object is of, or of the function that makes it."""
    maker = value.maker if isinstance(value, Made) else None
    if isinstance(maker, Persistent) and isinstance(maker.id, tuple) and maker.id[:1] == ("module",):
        maker = maker.id[1]  # as torch before 1.0 stored classes, with their source
    if isinstance(maker, Global) and maker.name == "copyreg._reconstructor":
        maker = value.arguments[0]
    return maker.name if isinstance(maker, Global) else ""


def _key(key: object) -> str | int:
    if isinstance(key, int) and not isinstance(key, bool) and abs(key) < _LARGEST:
        return key
    plain = isinstance(key, str | float | bool | None)
    return one_line(str(key)[:_LONGEST_KEY]) if plain else f"({type(key).__name__})"


Tensor = tuple[tuple[int, ...], str, Any]
"""Shape, dtype, and the place of its numbers: None where that can't be told."""


def _tensor(value: Any) -> Tensor | None:
    """What a call that rebuilds a tensor or an array says of it; None of any other value."""
    if not isinstance(value, Made):
        return None
    found: Tensor | None = None
    given, name = value.arguments, _class_name(value)
    match name.removeprefix("torch._utils._rebuild_"):
        case "tensor" | "tensor_v2" | "qtensor" | "tensor_v3" as version:
            found = _strided(*given[:4], *(given[6:7] if version == "tensor_v3" else ()))
        case (
            "torch.nn.parameter.Parameter"
            | "parameter"
            | "parameter_with_state"
            | "device_tensor_from_cpu_tensor"
            | "device_tensor_from_numpy"
        ):
            found = _tensor(given[0])
        case "torch._tensor._rebuild_from_type_v2":
            found = _tensor(Made(given[0], given[2]))
        case "meta_tensor_no_storage":
            found = sizes_of(given[1]), _last(given[0]), None
        case "sparse_tensor":
            *_, values, size = (part for part in given[1] if isinstance(part, Made))
            found = sizes_of(size.arguments[0]), (_tensor(values) or ((), "unknown"))[1], None
        case _ if name.startswith("numpy."):
            found = _array(name, value)
    return found


def _array(name: str, made: Made) -> Tensor | None:
    """A NumPy array, by the arguments of one call or by the state after another."""
    if name.endswith("._frombuffer"):
        _, dtype, sizes, *_ = made.arguments
    elif name.endswith("._reconstruct") and type(made.state) is tuple:
        _, sizes, dtype, *_ = made.state
    else:
        return None
    return sizes_of(sizes), numpy_dtype(dtype.arguments[0])[0], None


def _strided(storage: Persistent, offset: int, size: Any, stride: Any, dtype: Global | None = None) -> Tensor:
    shape, steps = sizes_of(size), sizes_of(stride)
    sizes_of((offset,))
    own, numbers = stored(storage)
    told = own if dtype is None else _last(dtype)
    reach = 0 if 0 in shape else offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True)) + 1
    if dtype_bytes(told, reach) > dtype_bytes(own, numbers):
        raise ValueError(f"{reach:,} numbers in a storage of {numbers:,}")
    return shape, told, (str(storage.id[2]), offset, shape, steps)


def stored(storage: Persistent) -> tuple[str, int]:
    """A storage's dtype, and how many numbers it holds; what its id is made of stands in torch.serialization."""
    [numbers] = sizes_of((storage.id[4],))
    return _STORAGES[_last(storage.id[1]).removesuffix("Storage")], numbers


def _last(name: Global) -> str:
    return name.name.rpartition(".")[2]


def dtype_bytes(dtype: str, count: int) -> int:
    """The bytes of so many numbers; a dtype's name begins with its bits, where those are not 8.

    >>> dtype_bytes("float32", 3), dtype_bytes("bool", 3), dtype_bytes("quint4x2", 3), dtype_bytes("float8_e4m3fn", 3)
    (12, 3, 2, 3)
    """
    digits = dtype.lstrip("abcdefghijklmnopqrstuvwxyz").partition("_")[0].partition("x")[0]
    return -(-count * int(digits or 8) // 8)


def sizes_of(sizes: Any) -> tuple[int, ...]:
    """Sizes that are some; ValueError where they are none."""
    few = isinstance(sizes, tuple | list) and len(sizes) <= _MOST_AXES
    if not few or not all(type(size) is int and 0 <= size < _LARGEST for size in sizes):
        raise ValueError("no sizes")
    return tuple(sizes)


def numpy_dtype(code: str) -> tuple[str, int]:
    """torch's name of a NumPy dtype, and the bytes of one number; "object" for what is none.

    >>> numpy_dtype("<f4"), numpy_dtype("|b1"), numpy_dtype("|O")
    (('float32', 4), ('bool', 1), ('object', 0))
    """
    code = code.lstrip("<>|=")
    kind, size = _NUMPY.get(code[:1]), code[1:]
    return (kind if kind == "bool" else f"{kind}{8 * int(size)}", int(size)) if kind else ("object", 0)
