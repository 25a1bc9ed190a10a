"""The autograd graph under a loss: the program that just ran, in the field's own words."""

from __future__ import annotations

__all__ = ["ACTIVATIONS", "LEAF", "NODE_LIMIT", "VIEWS", "Graph", "Node", "kind_of", "walk"]

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from trainwell.hooks.guard import plain
from trainwell.probes.step_state import HiddenRanges

LEAF = "AccumulateGrad"
"""The name of the node that stands for a leaf tensor."""

_BY_KIND = {
    "linear": "Addmm Mm Linear Addbmm MkldnnLinear AddmmActivation Addmv Mv",
    "convolution": "Convolution ConvolutionOverrideable MkldnnConvolution CudnnConvolution "
    "SlowConv2D ThnnConv2D ConvDepthwise2D",
    "recurrent": "MkldnnRnnLayer CudnnRnn MiopenRnn ThnnFusedLstmCell ThnnFusedGruCell",
    "embedding": "Embedding EmbeddingBag",
    "matmul": "Bmm Baddbmm Dot",
    "attention": "ScaledDotProductFlashAttentionForCpu ScaledDotProductFlashAttention "
    "ScaledDotProductEfficientAttention ScaledDotProductCudnnAttention",
    "batch_norm": "NativeBatchNorm CudnnBatchNorm MiopenBatchNorm",
    "layer_norm": "NativeLayerNorm NativeGroupNorm FusedRmsNorm",
    "dropout": "NativeDropout FusedDropout",
    "relu": "Relu Threshold",
    "leaky_relu": "LeakyRelu Prelu PreluKernel Rrelu RreluWithNoise",
    "gelu": "Gelu",
    "silu": "Silu Mish Hardswish",
    "elu": "Elu Selu Celu",
    "softplus": "Softplus LogSigmoid",
    "sigmoid": "Sigmoid Hardsigmoid",
    "tanh": "Tanh",
    "hardtanh": "Hardtanh",
    "clamp": "Clamp ClampMin ClampMax Minimum Maximum",
    "softmax": "Softmax SafeSoftmax",
    "log_softmax": "LogSoftmax",
    "max_pool": "MaxPool2DWithIndices MaxPool3DWithIndices AdaptiveMaxPool2D Max Amax Amin Min "
    "FractionalMaxPool2D",
    "average_pool": "AvgPool2D AvgPool3D AdaptiveAvgPool2D AdaptiveAvgPool3D",
    "nll_loss": "NllLoss NllLossNd NllLoss2D",
    "cross_entropy": "CrossEntropyLoss",
    "mse_loss": "MseLoss",
    "smooth_l1_loss": "SmoothL1Loss",
    "huber_loss": "HuberLoss",
    "binary_cross_entropy": "BinaryCrossEntropy",
    "binary_cross_entropy_with_logits": "BinaryCrossEntropyWithLogits",
    "kl_div": "KlDiv",
    "ctc_loss": "CtcLoss",
    "add": "Add Addcmul Addcdiv Lerp",
    "subtract": "Sub Rsub",
    "multiply": "Mul",
    "divide": "Div Reciprocal",
    "power": "Pow",
    "square_root": "Sqrt Rsqrt",
    "exponential": "Exp Expm1 Exp2",
    "logarithm": "Log Log2 Log10 Log1P Xlogy",
    "norm": "LinalgVectorNorm Norm CdistBackward Cdist Std Var StdMean VarMean",
    "arc": "Acos Asin Atan2 Acosh Atanh",
    "absolute": "Abs",
    "mean": "Mean",
    "sum": "Sum Logsumexp",
    "select": "Index Gather IndexSelect MaskedSelect MaskedFill Where Scatter",
    "join": "Cat Stack",
    "closed": "Compiled CompiledFunction CheckpointFunction",
}

_VIEWS = frozenset(
    [
        "View",
        "UnsafeView",
        "ReshapeAlias",
        "Reshape",
        "T",
        "Transpose",
        "Permute",
        "Expand",
        "Squeeze",
        "Unsqueeze",
        "Slice",
        "Select",
        "Split",
        "UnsafeSplit",
        "SplitWithSizes",
        "UnsafeSplitWithSizes",
        "Unbind",
        "Clone",
        "Alias",
        "AsStrided",
        "ToCopy",
        "Unfold",
        "Flatten",
        "Detach",
        "Contiguous",
        "Copy",
        "Copyslices",
        "Flip",
        "Roll",
        "Repeat",
        "Identity",
    ]
)
"""Operations that move or copy values without changing them: looked through."""

VIEWS = frozenset({"view"})

ACTIVATIONS = frozenset(
    {"relu", "leaky_relu", "gelu", "silu", "elu", "softplus", "sigmoid", "tanh", "hardtanh"}
)
"""Kinds that are elementwise nonlinearities."""

_KIND = {name: kind for kind, names in _BY_KIND.items() for name in names.split()}
_SUFFIX = re.compile(r"(Batch)?Backward\d*(Backward\d*)?$")


@cache
def kind_of(name: str) -> str:
    """The kind of an autograd node.

    Args:
        name: as `grad_fn.name()` gives it, for example "ReluBackward0".

    Returns:
        "view" for what only moves values, "leaf" for a leaf, otherwise a kind of the table; an
        unknown name in lower case without its suffix.
    """
    if LEAF in name:
        return "leaf"
    stem = _SUFFIX.sub("", name.rsplit("::", maxsplit=1)[-1])
    if stem in _VIEWS:
        return "view"
    return _KIND.get(stem, stem.lower())


NODE_LIMIT = 20_000
"""Larger graphs (recurrent networks written out over thousands of steps) are not walked."""

_NO_SEQUENCE = 1 << 63


@dataclass(slots=True)
class Node:
    """One node of the graph.

    Attributes:
        handle: autograd's own object; gives the saved tensors while the graph lives.
        inputs: indices of the nodes that made its inputs, in order; -1 for an input that nothing
            recorded has made (data).
        leaf: the leaf tensor, of a leaf node.
        sequence: autograd's running number: the order in which operations ran.
        hidden: its saved tensors must not be read.
    """

    handle: Any
    name: str
    kind: str
    inputs: list[int] = field(default_factory=list)
    leaf: torch.Tensor | None = None
    sequence: int = 0
    hidden: bool = False


@dataclass(slots=True)
class Graph:
    """All nodes under some tensors, inputs before what reads them.

    Attributes:
        nodes: leaves first, then in the order in which the operations ran.
        roots: indices of the nodes that made the walked tensors.
        signature: equal for graphs of one structure over the same parameters.
    """

    nodes: list[Node]
    roots: list[int]
    signature: Hashable

    def leaves(self) -> list[torch.Tensor]:
        """The leaf tensors, in the order in which they are first used."""
        return [n.leaf for n in self.nodes if n.leaf is not None]


def walk(
    tensors: Sequence[torch.Tensor],
    token: Callable[[torch.Tensor], int],
    hidden: HiddenRanges,
) -> Graph | None:
    """Read the graph that hangs on `tensors`.

    Args:
        tensors: results of the operations to start from; those without a graph are left out.
        token: a number for a parameter that is its own as long as the run lasts.
        hidden: which nodes' saved tensors must not be read.

    Returns:
        The graph; None when there is none, or when it has more than `NODE_LIMIT` nodes.
    """
    starts = [t.grad_fn for t in tensors if t.grad_fn is not None]
    found: dict[Any, tuple[Any, ...]] = {}
    waiting: list[Any] = list(starts)
    while waiting:
        handle = waiting.pop()
        if handle in found:
            continue
        edges = found[handle] = tuple(edge for edge, _ in handle.next_functions)
        if len(found) > NODE_LIMIT:
            return None
        waiting.extend(e for e in edges if e is not None)
    if not found:
        return None
    nodes = [_node(handle, hidden) for handle in found]
    nodes.sort(key=lambda node: node.sequence)
    index = {node.handle: i for i, node in enumerate(nodes)}
    shape: list[Hashable] = []
    for node in nodes:
        node.inputs = [-1 if e is None else index[e] for e in found[node.handle]]
        shape.append((node.name, *node.inputs, _token(node.leaf, token)))
    return Graph(nodes, [index[s] for s in starts], hash(tuple(shape)))


def _node(handle: Any, hidden: HiddenRanges) -> Node:
    name = handle.name()
    kind = kind_of(name)
    if kind == "leaf":
        # Reversed traversal meets leaves in no useful order; they sort before all operations.
        return Node(handle, name, kind, leaf=plain(handle.variable), sequence=-1)
    sequence = handle._sequence_nr()
    sequence = sequence if sequence < _NO_SEQUENCE else 0
    return Node(handle, name, kind, sequence=sequence, hidden=sequence in hidden)


def _token(leaf: torch.Tensor | None, token: Callable[[torch.Tensor], int]) -> Hashable:
    # Bare tensors are often made afresh at every step: they are told apart by shape only.
    if leaf is None:
        return None
    if isinstance(leaf, torch.nn.Parameter):
        return token(leaf)
    return () if is_lazy(leaf) else tuple(leaf.shape)
