"""The one table of findings: code to finding, in the order of the catalogue."""

from __future__ import annotations

__all__ = ["FINDINGS", "by_name"]

from trainwell.errors import UnknownNameError
from trainwell.findings.accumulating_gradients import AccumulatingGradients
from trainwell.findings.bounded_regression_output import BoundedRegressionOutput
from trainwell.findings.broadcast_loss import BroadcastLoss
from trainwell.findings.collapsed_activations import CollapsedActivations
from trainwell.findings.double_sigmoid import DoubleSigmoid
from trainwell.findings.double_softmax import DoubleSoftmax
from trainwell.findings.dying_relu import DyingRelu
from trainwell.findings.evaluation_mode_at_training import EvaluationModeAtTraining
from trainwell.findings.exploding_gradient import ExplodingGradient
from trainwell.findings.finding import Finding
from trainwell.findings.frozen_parameter_in_optimizer import FrozenParameterInOptimizer
from trainwell.findings.learning_rate_too_high import LearningRateTooHigh
from trainwell.findings.learning_rate_too_low import LearningRateTooLow
from trainwell.findings.mis_scaled_init import MisScaledInit
from trainwell.findings.nll_without_log_softmax import NllWithoutLogSoftmax
from trainwell.findings.non_finite_gradient import NonFiniteGradient
from trainwell.findings.non_finite_input import NonFiniteInput
from trainwell.findings.non_finite_loss import NonFiniteLoss
from trainwell.findings.overfitting import Overfitting
from trainwell.findings.parameter_not_in_optimizer import ParameterNotInOptimizer
from trainwell.findings.parameters_never_updated import ParametersNeverUpdated
from trainwell.findings.regression_loss_on_classes import RegressionLossOnClasses
from trainwell.findings.saturated_activation import SaturatedActivation
from trainwell.findings.sigmoid_with_cross_entropy import SigmoidWithCrossEntropy
from trainwell.findings.single_unit_softmax import SingleUnitSoftmax
from trainwell.findings.stacked_linear import StackedLinear
from trainwell.findings.symmetric_weights import SymmetricWeights
from trainwell.findings.training_mode_at_evaluation import TrainingModeAtEvaluation
from trainwell.findings.unscaled_features import UnscaledFeatures
from trainwell.findings.unscaled_targets import UnscaledTargets
from trainwell.findings.unshuffled_batches import UnshuffledBatches
from trainwell.findings.unused_parameter import UnusedParameter
from trainwell.findings.vanishing_gradient import VanishingGradient

_ALL: tuple[Finding, ...] = (
    UnscaledFeatures(),  # DAT101
    UnscaledTargets(),  # DAT102
    NonFiniteInput(),  # DAT104
    UnshuffledBatches(),  # DAT107
    StackedLinear(),  # NET101
    SymmetricWeights(),  # NET102
    MisScaledInit(),  # NET103
    UnusedParameter(),  # NET104
    DoubleSoftmax(),  # LOS101
    DoubleSigmoid(),  # LOS102
    SingleUnitSoftmax(),  # LOS103
    RegressionLossOnClasses(),  # LOS104
    BoundedRegressionOutput(),  # LOS105
    NllWithoutLogSoftmax(),  # LOS106
    SigmoidWithCrossEntropy(),  # LOS107
    BroadcastLoss(),  # LOS108
    NonFiniteLoss(),  # LOS109
    DyingRelu(),  # ACT101
    SaturatedActivation(),  # ACT102
    CollapsedActivations(),  # ACT103
    VanishingGradient(),  # GRD101
    ExplodingGradient(),  # GRD102
    NonFiniteGradient(),  # GRD103
    LearningRateTooHigh(),  # OPT101
    LearningRateTooLow(),  # OPT102
    AccumulatingGradients(),  # OPT103
    ParametersNeverUpdated(),  # OPT104
    ParameterNotInOptimizer(),  # OPT105
    FrozenParameterInOptimizer(),  # OPT106
    Overfitting(),  # GEN101
    TrainingModeAtEvaluation(),  # MOD101
    EvaluationModeAtTraining(),  # MOD102
)

FINDINGS: dict[str, Finding] = {finding.code: finding for finding in _ALL}
"""Every finding with its default thresholds, by code."""


def by_name(name: str) -> Finding:
    """The finding with this code or slug, in any case.

    Raises:
        UnknownNameError: if there is none; the text names the nearest.
    """
    for finding in FINDINGS.values():
        if name.lower() in (finding.code.lower(), finding.slug):
            return finding
    names = [n for f in FINDINGS.values() for n in (f.code, f.slug)]
    raise UnknownNameError("finding", name, names)
