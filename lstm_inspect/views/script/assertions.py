"""A claim as a statement that fails where it does not hold."""

from __future__ import annotations

import ast
from typing import Final

from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.tolerance import EXACT, Tolerance

_TENSORS: Final = {"input", "h0", "c0", "output", "hn", "cn", "lengths"}
_MAKERS: Final = {"torch.cat", "torch.stack", "torch.arange", "torch.argsort", "torch.tensor"}
_METHODS: Final = {"view", "reshape", "transpose", "detach", "new_full"}


def assertion(claim: Claim, tolerance: Tolerance) -> str:
    """The statement that holds a claim's two expressions, as they stand, against each other.

    Exact claims are asserted to the bit and inexact ones within the tolerance. ``torch.equal`` takes
    tensors alone; tuples of them to any depth, PackedSequence and None go through ``assert_close``.

    >>> assertion(Claim("a", "equality", "hn[-1]", "output[-1]", ""), EXACT)
    'assert torch.equal(hn[-1], output[-1])'
    >>> assertion(Claim("b", "shape", "hn.shape", "(1, 3, 20)", ""), EXACT)
    'assert hn.shape == (1, 3, 20)'
    >>> assertion(Claim("c", "equality", "(output, (hn, cn))", "lstm(input)", ""), EXACT)
    'torch.testing.assert_close((output, (hn, cn)), lstm(input), rtol=0, atol=0)'
    """
    left, right = claim.left, claim.right
    if not claim.exact:
        return _close(left, right, repr(tolerance.rtol), repr(tolerance.atol))
    if right == "None":
        return f"assert {left} is None"
    if _is_literal(left) or _is_literal(right):
        return f"assert {left} == {right}"
    if _is_tensor(left) and _is_tensor(right):
        return f"assert torch.equal({left}, {right})"
    return _close(left, right, f"{EXACT.rtol:g}", f"{EXACT.atol:g}")


def _close(left: str, right: str, rtol: str, atol: str) -> str:
    return f"torch.testing.assert_close({left}, {right}, rtol={rtol}, atol={atol})"


def _is_literal(expression: str) -> bool:
    """Whether an expression is made of numbers, None, and lists and tuples of them."""
    try:
        ast.literal_eval(expression)
    except ValueError:
        return False
    return True


def _is_tensor(expression: str) -> bool:
    """Whether an expression is sure to be one tensor, as far as its syntax tells."""
    return _gives_tensor(ast.parse(expression, mode="eval").body)


def _gives_tensor(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name):
            return name in _TENSORS
        case ast.Subscript(value=value):
            return _gives_tensor(value)
        case ast.Attribute(value=ast.Name(id="packed_input" | "packed_output"), attr="data" | "batch_sizes"):
            return True
        case ast.Call(func=ast.Attribute(value=value, attr=method) as function):
            return ast.unparse(function) in _MAKERS or (method in _METHODS and _gives_tensor(value))
    return False
