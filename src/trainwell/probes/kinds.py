"""From autograd's node names to the field's names of operations.

Names are those of PyTorch's derivative formulas (`tools/autograd/derivatives.yaml`) without the
suffix "Backward" and number; several names of one operation map to one kind.
"""

from __future__ import annotations

__all__ = ["ACTIVATIONS", "LEAF", "VIEWS", "kind_of"]

import re
from functools import cache

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
