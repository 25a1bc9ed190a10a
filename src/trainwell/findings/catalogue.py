"""The one table of findings: code to finding, in the order of the catalogue."""

from __future__ import annotations

__all__ = ["FINDINGS", "by_name"]

from trainwell.errors import UnknownNameError
from trainwell.findings.accumulating_gradients import AccumulatingGradients
from trainwell.findings.aliased_checkpoint import AliasedCheckpoint
from trainwell.findings.batch_of_one_batchnorm import BatchOfOneBatchnorm
from trainwell.findings.bounded_regression_output import BoundedRegressionOutput
from trainwell.findings.broadcast_loss import BroadcastLoss
from trainwell.findings.chains_not_mixing import ChainsNotMixing
from trainwell.findings.class_imbalance import ClassImbalance
from trainwell.findings.clipped_logits import ClippedLogits
from trainwell.findings.clipped_while_scaled import ClippedWhileScaled
from trainwell.findings.collapsed_activations import CollapsedActivations
from trainwell.findings.collapsed_embeddings import CollapsedEmbeddings
from trainwell.findings.constant_feature import ConstantFeature
from trainwell.findings.data_outside_unit_interval import DataOutsideUnitInterval
from trainwell.findings.dead_hidden_units import DeadHiddenUnits
from trainwell.findings.device_mismatch import DeviceMismatch
from trainwell.findings.diverging_replicas import DivergingReplicas
from trainwell.findings.diverging_weights import DivergingWeights
from trainwell.findings.double_sigmoid import DoubleSigmoid
from trainwell.findings.double_softmax import DoubleSoftmax
from trainwell.findings.dropout_at_evaluation import DropoutAtEvaluation
from trainwell.findings.dtype_mismatch import DtypeMismatch
from trainwell.findings.duplicate_worker_streams import DuplicateWorkerStreams
from trainwell.findings.dying_relu import DyingRelu
from trainwell.findings.evaluation_mode_at_training import EvaluationModeAtTraining
from trainwell.findings.excessive_dropout import ExcessiveDropout
from trainwell.findings.excessive_weight_decay import ExcessiveWeightDecay
from trainwell.findings.exploding_gradient import ExplodingGradient
from trainwell.findings.falling_likelihood import FallingLikelihood
from trainwell.findings.few_examples_drawn import FewExamplesDrawn
from trainwell.findings.finding import Finding
from trainwell.findings.foreign_queries import ForeignQueries
from trainwell.findings.foreign_statistics import ForeignStatistics
from trainwell.findings.frozen_parameter_in_optimizer import FrozenParameterInOptimizer
from trainwell.findings.graph_error import GraphError
from trainwell.findings.growing_memory import GrowingMemory
from trainwell.findings.implausible_initial_loss import ImplausibleInitialLoss
from trainwell.findings.index_out_of_range import IndexOutOfRange
from trainwell.findings.indistinct_labels import IndistinctLabels
from trainwell.findings.input_bound import InputBound
from trainwell.findings.inverted_plateau import InvertedPlateau
from trainwell.findings.late_clipping import LateClipping
from trainwell.findings.layers_made_in_forward import LayersMadeInForward
from trainwell.findings.leaked_validation import LeakedValidation
from trainwell.findings.leaky_mask import LeakyMask
from trainwell.findings.learning_rate_too_high import LearningRateTooHigh
from trainwell.findings.learning_rate_too_low import LearningRateTooLow
from trainwell.findings.loss_without_graph import LossWithoutGraph
from trainwell.findings.maximised_loss import MaximisedLoss
from trainwell.findings.mis_scaled_init import MisScaledInit
from trainwell.findings.mismatched_columns import MismatchedColumns
from trainwell.findings.mismatched_labels import MismatchedLabels
from trainwell.findings.mismatched_preprocessing import MismatchedPreprocessing
from trainwell.findings.misnormalised_attention import MisnormalisedAttention
from trainwell.findings.missing_positions import MissingPositions
from trainwell.findings.missing_value_code import MissingValueCode
from trainwell.findings.mistimed_schedule import MistimedSchedule
from trainwell.findings.mixed_examples import MixedExamples
from trainwell.findings.nll_without_log_softmax import NllWithoutLogSoftmax
from trainwell.findings.no_validation import NoValidation
from trainwell.findings.noisy_batches import NoisyBatches
from trainwell.findings.non_finite_gradient import NonFiniteGradient
from trainwell.findings.non_finite_input import NonFiniteInput
from trainwell.findings.non_finite_loss import NonFiniteLoss
from trainwell.findings.off_centre_activation import OffCentreActivation
from trainwell.findings.oscillating_loss import OscillatingLoss
from trainwell.findings.out_of_memory import OutOfMemory
from trainwell.findings.outlier_squeezed_features import OutlierSqueezedFeatures
from trainwell.findings.overclipped_gradients import OverclippedGradients
from trainwell.findings.overconfidence import Overconfidence
from trainwell.findings.overfitting import Overfitting
from trainwell.findings.overwritten_weights import OverwrittenWeights
from trainwell.findings.padding_in_loss import PaddingInLoss
from trainwell.findings.parameter_not_in_optimizer import ParameterNotInOptimizer
from trainwell.findings.parameters_never_updated import ParametersNeverUpdated
from trainwell.findings.posterior_collapse import PosteriorCollapse
from trainwell.findings.reads_padding import ReadsPadding
from trainwell.findings.regression_loss_on_classes import RegressionLossOnClasses
from trainwell.findings.repeated_module import RepeatedModule
from trainwell.findings.repeated_shards import RepeatedShards
from trainwell.findings.replaced_parameters import ReplacedParameters
from trainwell.findings.saturated_activation import SaturatedActivation
from trainwell.findings.sees_targets import SeesTargets
from trainwell.findings.shape_mismatch import ShapeMismatch
from trainwell.findings.sigmoid_with_cross_entropy import SigmoidWithCrossEntropy
from trainwell.findings.single_unit_softmax import SingleUnitSoftmax
from trainwell.findings.spiked_attention import SpikedAttention
from trainwell.findings.stacked_linear import StackedLinear
from trainwell.findings.stray_example import StrayExample
from trainwell.findings.sum_reduced_loss import SumReducedLoss
from trainwell.findings.symmetric_weights import SymmetricWeights
from trainwell.findings.too_few_epochs import TooFewEpochs
from trainwell.findings.trained_past_the_best import TrainedPastTheBest
from trainwell.findings.training_mode_at_evaluation import TrainingModeAtEvaluation
from trainwell.findings.underfitting import Underfitting
from trainwell.findings.unloaded_weights import UnloadedWeights
from trainwell.findings.unrelated_labels import UnrelatedLabels
from trainwell.findings.unscaled_features import UnscaledFeatures
from trainwell.findings.unscaled_targets import UnscaledTargets
from trainwell.findings.unshuffled_batches import UnshuffledBatches
from trainwell.findings.untied_weights import UntiedWeights
from trainwell.findings.untrained_frozen_layers import UntrainedFrozenLayers
from trainwell.findings.unused_parameter import UnusedParameter
from trainwell.findings.vanishing_gradient import VanishingGradient
from trainwell.findings.zero_gradients import ZeroGradients
from trainwell.findings.zeroed_gradients import ZeroedGradients

_ALL: tuple[Finding, ...] = (
    UnscaledFeatures(),  # DAT101
    UnscaledTargets(),  # DAT102
    ConstantFeature(),  # DAT103
    NonFiniteInput(),  # DAT104
    OutlierSqueezedFeatures(),  # DAT105
    ClassImbalance(),  # DAT106
    UnshuffledBatches(),  # DAT107
    DuplicateWorkerStreams(),  # DAT108
    LeakedValidation(),  # DAT109
    MismatchedPreprocessing(),  # DAT110
    FewExamplesDrawn(),  # DAT111
    UnrelatedLabels(),  # DAT112
    MismatchedLabels(),  # DAT113
    PaddingInLoss(),  # DAT114
    MissingValueCode(),  # DAT115
    MismatchedColumns(),  # DAT116
    StackedLinear(),  # NET101
    SymmetricWeights(),  # NET102
    MisScaledInit(),  # NET103
    UnusedParameter(),  # NET104
    ExcessiveDropout(),  # NET105
    BatchOfOneBatchnorm(),  # NET106
    OffCentreActivation(),  # NET107
    LayersMadeInForward(),  # NET108
    MixedExamples(),  # NET109
    SeesTargets(),  # NET110
    RepeatedModule(),  # NET111
    ForeignStatistics(),  # NET115
    ReadsPadding(),  # NET116
    MisnormalisedAttention(),  # NET117
    SpikedAttention(),  # NET118
    MissingPositions(),  # NET119
    LeakyMask(),  # NET120
    UntiedWeights(),  # NET121
    DoubleSoftmax(),  # LOS101
    DoubleSigmoid(),  # LOS102
    SingleUnitSoftmax(),  # LOS103
    RegressionLossOnClasses(),  # LOS104
    BoundedRegressionOutput(),  # LOS105
    NllWithoutLogSoftmax(),  # LOS106
    SigmoidWithCrossEntropy(),  # LOS107
    BroadcastLoss(),  # LOS108
    NonFiniteLoss(),  # LOS109
    SumReducedLoss(),  # LOS110
    ImplausibleInitialLoss(),  # LOS111
    ClippedLogits(),  # LOS112
    LossWithoutGraph(),  # LOS113
    PosteriorCollapse(),  # LOS114
    CollapsedEmbeddings(),  # LOS115
    MaximisedLoss(),  # LOS116
    DyingRelu(),  # ACT101
    SaturatedActivation(),  # ACT102
    CollapsedActivations(),  # ACT103
    VanishingGradient(),  # GRD101
    ExplodingGradient(),  # GRD102
    NonFiniteGradient(),  # GRD103
    ClippedWhileScaled(),  # GRD104
    OverclippedGradients(),  # GRD105
    ZeroedGradients(),  # GRD106
    LateClipping(),  # GRD107
    ZeroGradients(),  # GRD108
    LearningRateTooHigh(),  # OPT101
    LearningRateTooLow(),  # OPT102
    AccumulatingGradients(),  # OPT103
    ParametersNeverUpdated(),  # OPT104
    ParameterNotInOptimizer(),  # OPT105
    FrozenParameterInOptimizer(),  # OPT106
    OscillatingLoss(),  # OPT107
    NoisyBatches(),  # OPT108
    MistimedSchedule(),  # OPT109
    InvertedPlateau(),  # OPT110
    ReplacedParameters(),  # OPT111
    ExcessiveWeightDecay(),  # OPT115
    Overfitting(),  # GEN101
    Underfitting(),  # GEN102
    Overconfidence(),  # GEN103
    TooFewEpochs(),  # GEN104
    TrainedPastTheBest(),  # GEN105
    NoValidation(),  # GEN106
    TrainingModeAtEvaluation(),  # MOD101
    EvaluationModeAtTraining(),  # MOD102
    DropoutAtEvaluation(),  # MOD103
    UnloadedWeights(),  # CKP101
    OverwrittenWeights(),  # CKP102
    AliasedCheckpoint(),  # CKP103
    UntrainedFrozenLayers(),  # CKP104
    OutOfMemory(),  # RES101
    GrowingMemory(),  # RES102
    InputBound(),  # RES103
    ShapeMismatch(),  # RES104
    DtypeMismatch(),  # RES105
    DeviceMismatch(),  # RES106
    IndexOutOfRange(),  # RES107
    GraphError(),  # RES108
    DivergingReplicas(),  # DST101
    RepeatedShards(),  # DST102
    ChainsNotMixing(),  # BMN101
    FallingLikelihood(),  # BMN102
    DeadHiddenUnits(),  # BMN103
    DivergingWeights(),  # BMN104
    DataOutsideUnitInterval(),  # BMN105
    IndistinctLabels(),  # ONE101
    StrayExample(),  # ONE102
    ForeignQueries(),  # ONE103
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
