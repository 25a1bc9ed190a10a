"""The remedies by name: those that trainwell applies, and what is left to the reader."""

from __future__ import annotations

__all__ = ["REMEDIES", "from_json", "parse"]

from dataclasses import fields
from typing import Any, get_type_hints

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.remedies.accumulate_micro_batches import AccumulateMicroBatches
from trainwell.remedies.add_batch_norm import AddBatchNorm
from trainwell.remedies.advice import ADVICE
from trainwell.remedies.augment_inputs import AugmentInputs
from trainwell.remedies.average_loss import AverageLoss
from trainwell.remedies.change_optimizer import ChangeOptimizer
from trainwell.remedies.clip_gradients import ClipGradients
from trainwell.remedies.dropout import Dropout
from trainwell.remedies.early_stopping import EarlyStopping
from trainwell.remedies.evaluate_in_eval_mode import EvaluateInEvalMode
from trainwell.remedies.feed_logits import FeedLogits
from trainwell.remedies.impute_values import ImputeValues
from trainwell.remedies.initialise_he import InitialiseHe
from trainwell.remedies.initialise_lecun import InitialiseLecun
from trainwell.remedies.initialise_xavier import InitialiseXavier
from trainwell.remedies.input_noise import InputNoise
from trainwell.remedies.insert_activation import InsertActivation
from trainwell.remedies.l1_penalty import L1Penalty
from trainwell.remedies.label_smoothing import LabelSmoothing
from trainwell.remedies.lower_dropout import LowerDropout
from trainwell.remedies.lower_learning_rate import LowerLearningRate
from trainwell.remedies.lower_momentum import LowerMomentum
from trainwell.remedies.match_loss import MatchLoss
from trainwell.remedies.match_shapes import MatchShapes
from trainwell.remedies.raise_learning_rate import RaiseLearningRate
from trainwell.remedies.register_parameters import RegisterParameters
from trainwell.remedies.release_output import ReleaseOutput
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.resize_batches import ResizeBatches
from trainwell.remedies.scale_inputs import ScaleInputs
from trainwell.remedies.scale_robustly import ScaleRobustly
from trainwell.remedies.scale_targets import ScaleTargets
from trainwell.remedies.shuffle_batches import ShuffleBatches
from trainwell.remedies.step_optimizer import StepOptimizer
from trainwell.remedies.train_in_train_mode import TrainInTrainMode
from trainwell.remedies.train_longer import TrainLonger
from trainwell.remedies.train_shorter import TrainShorter
from trainwell.remedies.unfreeze_parameters import UnfreezeParameters
from trainwell.remedies.use_gelu import UseGelu
from trainwell.remedies.use_group_norm import UseGroupNorm
from trainwell.remedies.use_leaky_relu import UseLeakyRelu
from trainwell.remedies.use_log_softmax import UseLogSoftmax
from trainwell.remedies.use_relu import UseRelu
from trainwell.remedies.use_sigmoid import UseSigmoid
from trainwell.remedies.use_tanh import UseTanh
from trainwell.remedies.weigh_classes import WeighClasses
from trainwell.remedies.weight_decay import WeightDecay
from trainwell.remedies.weight_noise import WeightNoise
from trainwell.remedies.zero_gradients import ZeroGradients

_ALL: tuple[type[Remedy], ...] = (
    AccumulateMicroBatches,
    AddBatchNorm,
    AugmentInputs,
    AverageLoss,
    ChangeOptimizer,
    ClipGradients,
    Dropout,
    EarlyStopping,
    EvaluateInEvalMode,
    FeedLogits,
    ImputeValues,
    InitialiseHe,
    InitialiseLecun,
    InitialiseXavier,
    InputNoise,
    InsertActivation,
    L1Penalty,
    LabelSmoothing,
    LowerDropout,
    LowerLearningRate,
    LowerMomentum,
    MatchLoss,
    MatchShapes,
    RaiseLearningRate,
    RegisterParameters,
    ReleaseOutput,
    ResizeBatches,
    ScaleInputs,
    ScaleRobustly,
    ScaleTargets,
    ShuffleBatches,
    StepOptimizer,
    TrainInTrainMode,
    TrainLonger,
    TrainShorter,
    UnfreezeParameters,
    UseGelu,
    UseGroupNorm,
    UseLeakyRelu,
    UseLogSoftmax,
    UseRelu,
    UseSigmoid,
    UseTanh,
    WeighClasses,
    WeightDecay,
    WeightNoise,
    ZeroGradients,
)

REMEDIES: dict[str, type[Remedy]] = {remedy.name: remedy for remedy in _ALL}
"""Every remedy that can be applied to an unchanged script, by name."""


def parse(text: str) -> list[Remedy]:
    """The remedies of a list such as "initialise_he,clip_gradients=1.0".

    Args:
        text: names, each perhaps with a setting behind `=`, with commas between.

    Raises:
        BadInputError: if a name is unknown, or a setting does not fit.
    """
    found = [_parse_one(part.strip()) for part in text.split(",") if part.strip()]
    if not found:
        raise BadInputError(f"no remedy is named in `{text}`")
    names = [remedy.name for remedy in found]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise BadInputError(f"`{twice}` is named twice")
    return found


def _parse_one(text: str) -> Remedy:
    name, equals, value = text.partition("=")
    kind = REMEDIES.get(name)
    if kind is None:
        if name in ADVICE:
            raise BadInputError(f"`{name}` is done by hand: {ADVICE[name]}")
        raise UnknownNameError("remedy", name, REMEDIES)
    if not equals:
        return kind()
    own = [f.name for f in fields(kind) if not f.name.startswith("at_")]
    if not own:
        raise BadInputError(f"`{name}` takes no setting, got `{value}`")
    return kind(**{own[0]: _convert(name, value, get_type_hints(kind)[own[0]])})


def _convert(name: str, value: str, wanted: Any) -> Any:
    """A setting's text as its field's type."""
    if wanted is str:
        return value
    number = int if wanted is int else float
    try:
        return number(value)
    except ValueError:
        kind = "a whole number" if number is int else "a number"
        raise BadInputError(f"`{name}` takes {kind}, got `{value}`") from None


def from_json(body: dict[str, Any]) -> Remedy:
    """The remedy that `Remedy.to_json` gave."""
    given = dict(body)
    return REMEDIES[given.pop("name")](**{k: _frozen(v) for k, v in given.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
