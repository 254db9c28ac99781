"""The tensors among what a pickle holds, and the keys and names that lead to each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lstm_inspect.checkpoint.content import STATE_DICT, Container, Content, Entry, UnreadableError, printable
from lstm_inspect.checkpoint.formats.unpickle import Global, Made, Pairs, Persistent
from lstm_inspect.theory.warnings import SpecWarning

_DEEPEST: Final = 500
_LONGEST_KEY: Final = 500
_LARGEST: Final = 2**63
_MOST_AXES: Final = 64
_MOST_AGAIN: Final = 500
_MOST_LOOKED_AT: Final = 3_000_000
_ATTRIBUTES: Final[dict[str, Any]] = {"batch_first": bool, "dropout": (int, float)}
_OF_MODULES: Final = ("_parameters", "_buffers", "_modules")

_STORAGES: Final = {
    **{"Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64"},
    **{"Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool", "Untyped": "uint8"},
    **{"ComplexFloat": "complex64", "ComplexDouble": "complex128", "QInt8": "qint8", "QUInt8": "quint8"},
    **{"QInt32": "qint32", "QUInt4x2": "quint4x2", "QUInt2x4": "quint2x4"},
}
_NUMPY: Final = {"f": "float", "i": "int", "u": "uint", "c": "complex", "b": "bool"}


@dataclass(frozen=True, slots=True)
class _Node:
    """A value and where it stands: in a container, or by the names of modules inside one."""

    container: Container
    prefix: str | None  # None outside of modules
    key: str | int | None  # None: what the file holds
    depth: int
    value: Any

    def inside(self, *, module: bool) -> tuple[Container, str | None]:
        if self.prefix is not None:
            return self.container, f"{self.prefix}{self.key}."
        return self.container if self.key is None else (*self.container, self.key), "" if module else None


def tensors(held: Any) -> Content:
    """Every tensor in mappings, sequences, objects and modules; each container once, as a pickle may hold itself."""
    try:
        return _walk(held)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"it is damaged (the sizes of a tensor: {printable(str(error))})") from None


def _walk(held: Any) -> Content:
    too_deep, looked_at = False, 0
    found, waiting, seen = Content(), [_Node((), None, None, 0, held)], dict[int, Container]()
    while waiting:
        node = waiting.pop()
        # a pickle may give one state of a million entries to a million objects
        looked_at += 1 if id(node.value) in seen else 1 + sum(map(len, _states(node.value)))
        if looked_at > _MOST_LOOKED_AT:
            raise UnreadableError(f"it holds more than {_MOST_LOOKED_AT:,} things beside its tensors", STATE_DICT)
        tensor = _tensor(node.value)
        if tensor is not None:
            name = f"{node.prefix or ''}{'' if node.key is None else node.key}"
            found.entries.append(Entry(node.container, name, *tensor))
        elif isinstance(node.value, list | tuple | Made) and node.value:
            if node.depth > _DEEPEST:
                too_deep = True
            else:
                waiting += reversed(list(_children(node, found, seen)))
    if too_deep:
        message = f"what lies deeper in it than {_DEEPEST} containers in each other was not looked at"
        found.warnings.append(SpecWarning("too-deep", message))
    return found


def _children(node: _Node, found: Content, seen: dict[int, Container]) -> Iterator[_Node]:
    before = seen.get(id(node.value))
    if before is not None and len(found.again) >= _MOST_AGAIN:
        return
    state = {key: item for part in _states(node.value) for key, item in part if isinstance(key, str)}
    module = "_parameters" in state and "_modules" in state
    scripted = _class_name(node.value).startswith("__torch__.")
    container, prefix = node.inside(module=module or scripted)
    path = (*container, *(prefix or "").split(".")[:-1])
    if before is not None:
        found.again.append((before, path))
        return
    seen[id(node.value)] = path
    place = container, (prefix or "").removesuffix(".")
    if scripted:
        found.attributes[place] = {"class": _class_name(node.value)}
    elif module and "mode" in state:  # a recurrent one
        found.attributes[place] = {
            name: state[name] for name, kind in _ATTRIBUTES.items() if isinstance(state.get(name), kind)
        }
    for items in [state[name] for name in _OF_MODULES if name in state] if module else [node.value]:
        for key, value in _items(items):
            yield _Node(container, prefix, _key(key), node.depth + 1, value)


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, Pairs):
        return value
    if not isinstance(value, Made):
        return enumerate(value) if isinstance(value, list | tuple) else ()
    if _class_name(value).endswith("OrderedDict") and value.arguments:  # as Python 2 wrote it: a list of [key, value]
        return [tuple(pair) for pair in value.arguments[0] if len(pair) == 2]
    attributes = {key: item for part in _states(value) for key, item in part if isinstance(key, str)}
    return [*value.pairs, *enumerate(value.values), *attributes.items()]


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
    return printable(str(key)[:_LONGEST_KEY]) if plain else f"({type(key).__name__})"


Tensor = tuple[tuple[int, ...], str, Any]
"""Shape, dtype, and the place of its numbers: None where that can't be told."""


def _tensor(value: Any) -> Tensor | None:
    name = _class_name(value)
    read = _READERS.get(f"numpy.{name.rpartition('.')[2]}" if name.startswith("numpy.") else name)
    return None if read is None else read(value)


def _sparse(made: Made) -> Tensor:
    *_, values, size = (part for part in made.arguments[1] if isinstance(part, Made))
    return sizes_of(size.arguments[0]), (_tensor(values) or ((), "unknown"))[1], None


def _array(made: Made) -> Tensor | None:
    """A NumPy array; one without its state has no sizes."""
    return _of_numpy(made.state[1], made.state[2]) if type(made.state) is tuple else None


def _of_numpy(sizes: Any, dtype: Made) -> Tensor:
    return sizes_of(sizes), numpy_dtype(dtype.arguments[0])[0], None


def _strided(storage: Persistent, offset: int, size: Any, stride: Any, dtype: Global | None = None) -> Tensor:
    shape, steps = sizes_of(size), sizes_of(stride)
    sizes_of((offset,))
    stored, numbers = _storage(storage)
    told = stored if dtype is None else _last(dtype)
    reach = 0 if 0 in shape else offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True)) + 1
    if dtype_bytes(told, reach) > dtype_bytes(stored, numbers):
        raise ValueError(f"{reach:,} numbers in a storage of {numbers:,}")
    return shape, told, (str(storage.id[2]), offset, shape, steps)


def storage_bytes(storage: Persistent) -> int:
    """The bytes of a storage."""
    return dtype_bytes(*_storage(storage))


def _storage(storage: Persistent) -> tuple[str, int]:
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


_READERS: Final[dict[str, Callable[[Made], Tensor | None]]] = {
    **dict.fromkeys(
        (
            *("torch.nn.parameter.Parameter", "torch._utils._rebuild_parameter"),
            *("torch._utils._rebuild_parameter_with_state", "torch._utils._rebuild_device_tensor_from_cpu_tensor"),
            "torch._utils._rebuild_device_tensor_from_numpy",
        ),
        lambda made: _tensor(made.arguments[0]),
    ),
    **dict.fromkeys(
        (f"torch._utils._rebuild_{name}" for name in ("tensor", "tensor_v2", "qtensor")),
        lambda made: _strided(*made.arguments[:4]),
    ),
    "torch._tensor._rebuild_from_type_v2": lambda made: _tensor(Made(made.arguments[0], made.arguments[2])),
    "torch._utils._rebuild_tensor_v3": lambda made: _strided(*made.arguments[:4], *made.arguments[6:7]),
    "torch._utils._rebuild_meta_tensor_no_storage": lambda made: (
        (sizes_of(made.arguments[1]), _last(made.arguments[0]), None)
    ),
    "torch._utils._rebuild_sparse_tensor": _sparse,
    "numpy._reconstruct": _array,
    "numpy._frombuffer": lambda made: _of_numpy(made.arguments[2], made.arguments[1]),
}
"""What the calls that rebuild a tensor or an array say of it."""
