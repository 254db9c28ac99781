"""Second runs of a user's module: on a stand-in that shares its weights and nothing else, or put back afterwards."""

import copy
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from inspect import Parameter, signature
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.utils import _python_dispatch

from lstm_inspect.errors import CallError, literal
from lstm_inspect.live.seeing import SEQUENCES, unseen
from lstm_inspect.theory.expressions import PARAMETERS

# torch's own: a program may put a function of its own in their place, which is not to be called by us
_FORWARD: Final[dict[type[nn.RNNBase], Callable[..., Any]]] = {kind: kind.forward for kind in SEQUENCES}
_KEPT: Final = ("mode", *PARAMETERS[:-1], "_flat_weights_names", "_all_weights")  # an old module has no proj_size


@contextmanager
def aside() -> Iterator[None]:
    """Computations of ours in the middle of the user's: without gradients, and outside the user's own contexts.

    Whatever is set is this thread's alone: autocast, modes of torch (a default device, a counter of operations).
    """
    with ExitStack() as stack:
        stack.enter_context(unseen())
        stack.enter_context(torch._C.DisableTorchFunction())
        if torch._C._len_torch_dispatch_stack():
            stack.enter_context(_python_dispatch._disable_current_modes())
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        stack.enter_context(torch.inference_mode())
        yield


def standin_of(module: nn.RNNBase) -> nn.RNNBase:
    """What torch's own class computes in eval mode with the very weights of the module's last call.

    They are the weights that torch computed with: dropped, normed or set by the user's own code.

    Raises:
        CallError: the module has no weights to compute with.
    """
    names, weights = module._flat_weights_names, module._flat_weights
    if len(names) != len(weights) or not all(isinstance(weight, Tensor) for weight in weights):
        allowed = "the module's weights must be tensors, each under its own name"
        raise CallError("the weights", "are not all there", allowed, "a module whose weights are all set")
    made: Any = object.__new__(next(kind for kind in SEQUENCES if isinstance(module, kind)))
    nn.Module.__init__(made)
    flat = [_shares(cast(Tensor, weight)) for weight in weights]
    made._parameters.update(zip(names, flat, strict=True))
    vars(made).update({name: getattr(module, name) for name in _KEPT})
    vars(made).update(
        proj_size=getattr(module, "proj_size", 0),
        _flat_weights=flat,
        _flat_weight_refs=[weakref.ref(weight) for weight in flat],
    )
    return cast(nn.RNNBase, made.eval())


def _shares(weight: Tensor) -> nn.Parameter:
    """A weight of the same numbers; by what it says of gradients torch chooses its kernel, even where none are kept."""
    return nn.Parameter(weight.detach(), requires_grad=weight.requires_grad)


class _Unhooked:
    """A module as the expressions call it: its forward alone.

    ``Module.__call__`` would run the user's hooks, and the global ones, a second time: they may log,
    count or change what they see.
    """

    __slots__ = ("_forward", "_module", "_takes_state")

    def __init__(self, module: nn.RNNBase, forward: Callable[..., Any]) -> None:
        self._module, self._forward, self._takes_state = module, forward, takes_state(forward)

    def __call__(self, input: Any, hx: Any = None) -> Any:
        """Call forward; one of a subclass that takes no state starts from zeros, and is given none."""
        return self._forward(input, hx) if self._takes_state and hx is not None else self._forward(input)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    @property  # type: ignore[misc]  # object's own can be set
    def __class__(self) -> Any:  # what isinstance asks, and what messages name
        return type(self._module)


def unhooked(module: nn.RNNBase) -> nn.LSTM:
    """A module whose forward alone is called."""
    return cast(nn.LSTM, _Unhooked(module, module.forward))


def by_torch(standin: nn.RNNBase) -> nn.LSTM:
    """A stand-in whose forward is torch's own, whatever the program has put in its place."""
    return cast(nn.LSTM, _Unhooked(standin, partial(_FORWARD[type(standin)], standin)))


def takes_state(forward: Callable[..., Any]) -> bool:
    """Whether forward takes a state: a subclass's own may not."""
    parameters = signature(forward).parameters.values()
    return len(parameters) > 1 or any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters)


def copy_of(module: nn.LSTM) -> nn.LSTM:
    """A copy in eval mode, its own forward with it, that shares the module's weights and nothing else.

    A pre-hook of torch.nn.utils that computes a weight (weight_norm, spectral_norm, prune) is run once, on the copy.

    Raises:
        CallError: there can be no such copy.
    """
    if "forward" in vars(module):
        allowed = "a copy would run the module's own: it is seen in a call of yours alone"
        raise CallError("lstm.forward", "was set on the module itself", allowed, "with watch() as calls: around one")
    hooks = [hook for hook in module._forward_pre_hooks.values() if type(hook).__module__.startswith("torch.nn.utils.")]
    made: Any = object.__new__(type(module))
    try:  # not by copy.copy or copy.deepcopy of the module: its __getstate__ may compute its weights anew
        made.__dict__ = copy.deepcopy(vars(module), _shared(module, made))
        made._flat_weight_refs = [weakref.ref(weight) for weight in made._flat_weights]
        made.eval()
        _compute_parametrized(made)
        for hook in hooks:
            cast(Any, hook)(made, ())
    except Exception as error:
        came = f"can't be copied ({type(error).__name__}: {literal(str(error))})"
        raise CallError("lstm", came, "the checks run on a copy", "with watch() as calls: around a call") from error
    return cast(nn.LSTM, made)


@torch.no_grad()
def _compute_parametrized(made: Any) -> None:
    """Make plain weights of parametrized ones: the property that computes them may use the user's own cache."""
    if parametrize.is_parametrized(made):
        computed = {name: compute() for name, compute in made.parametrizations.items()}
        made.__class__ = parametrize.type_before_parametrizations(made)
        for name, weight in computed.items():
            setattr(made, name, weight)


def _shared(module: nn.LSTM, made: Any) -> dict[int, Any]:
    """What a copy takes as it is, by identity: its own self, the numbers of the weights, and no hooks."""
    memo: dict[int, Any] = {id(weight): _shares(weight) for weight in module.parameters()}
    for tensor in (*vars(module).values(), *module._flat_weights):  # computed ones among them, as by an old weight_norm
        if isinstance(tensor, Tensor):
            memo.setdefault(id(tensor), tensor.detach())
    hooks = [value for each in module.modules() for name, value in vars(each).items() if "_hooks" in name]
    return {**memo, id(module): made, **{id(each): OrderedDict() for each in hooks}}


@contextmanager
def restored(model: nn.Module) -> Iterator[None]:
    """Whatever a run changes in a model's modules (states that it keeps, counters, buffers, modes) is put back."""
    kept = [
        (module, module.training, [(*item, _content(item[1])) for item in vars(module).items()])
        for module in model.modules()
    ]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        for module, training, attributes in kept:
            vars(module).clear()
            for name, value, content in attributes:
                vars(module)[name] = value
                if content is not None:
                    value.clear()
                    value.extend(content) if isinstance(value, list) else value.update(content)
            module.training = training  # which a scripted module keeps elsewhere
        with torch.no_grad():
            for buffer, before in buffers:
                if not torch.equal(buffer, before):
                    buffer.copy_(before)


def _content(value: Any) -> Any:
    return value.copy() if type(value) in (dict, OrderedDict, list, set) else None
