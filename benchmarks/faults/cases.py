"""The ported faults: each case's source, accepted causes, and what four earlier tools said of it.

The rows are those of DeepFD's benchmark (Cao et al. 2022) that can be run without their data:
Stack Overflow questions (by number) and repositories. `causes` are the words of that benchmark.
How they become slugs, the same for every case: a cause is accepted where this port shows it. `lr`
is the direction in which the rate is wrong; `act` is what the wrong activation does in the port
(saturates, dies, cannot reach the targets, is a softmax over one unit); `loss` is the mismatch of
loss and targets; `opt` is what the wrong optimizer does: steps too small, too large, or swinging;
`epoch` is too-few-epochs; `init` is mis-scaled-init or symmetric-weights; missing preprocessing
is unscaled-features or unscaled-targets. `beyond` holds faults that the port has as well, but
the benchmark does not list: to name one is no mistake, and counts as no hit.

Every cure repairs all that is wrong, so that it can stand among the healthy scripts.
"""

from __future__ import annotations

__all__ = ["CASES", "EARLIER", "Case"]

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"
NONE: frozenset[str] = frozenset()
EARLIER = ("UMLAUT", "AutoTrainer", "DeepLocalize", "DeepFD")
"""The tools whose verdicts the table holds, in its order."""


@dataclass(frozen=True)
class Case:
    """One ported program.

    Attributes:
        number: its row in the table; even rows are for calibration, odd ones are held back.
        name: its folder under `cases`.
        source: the collection it comes from.
        original: Stack Overflow question or repository.
        causes: what the benchmark accepts, in its words.
        metric: what shows that it is sick: accuracy, r2 (higher is better) or eval_loss.
        detected: per earlier tool "1" if it said anything; "" where the table has no verdict.
        right: per earlier tool "1" if it named an accepted cause.
        kind: "fault"; "healthy" for a control that learns and counts as a healthy script;
            "dropped" for one that counts as nothing.
        accepted: slugs that name an accepted cause.
        beyond: slugs of faults that are there as well, but not in the table.
        note: why the port differs, or why it is no fault.
    """

    number: int
    name: str
    source: str
    original: str
    causes: str
    metric: str
    detected: str
    right: str
    kind: str = "fault"
    accepted: frozenset[str] = NONE
    beyond: frozenset[str] = NONE
    note: str = ""

    @property
    def sick(self) -> Path:
        """The script with the fault."""
        return FOLDER / self.name / "sick.py"

    @property
    def cured(self) -> Path:
        """The script without it."""
        return FOLDER / self.name / "cured.py"


def slugs(text: str) -> frozenset[str]:
    return frozenset(text.split())


# fmt: off
CASES: tuple[Case, ...] = (
    Case(1, "01_digits_quadratic_cost", "DeepLocalize", "48385830",
         causes="act, loss, lr", metric="accuracy", detected="1111", right="1111",
         accepted=slugs("learning-rate-too-high regression-loss-on-classes stacked-linear"),
         beyond=slugs("mis-scaled-init")),
    Case(2, "02_digits_wide_dropout", "DeepLocalize", "44164749",
         causes="epoch, lr, act, loss", metric="accuracy", detected="1011", right="0011",
         accepted=slugs("learning-rate-too-low too-few-epochs"),
         note=(
             "The table's act and loss are the cure by sigmoids and BCE for several labels; this "
             "data has one label, so they have no slug here."
         )),
    Case(3, "03_xor_absolute_error", "DeepLocalize", "31556268",
         causes="loss, epoch, lr, opt", metric="accuracy", detected="1011", right="1001",
         accepted=slugs("learning-rate-too-low regression-loss-on-classes too-few-epochs")),
    Case(4, "04_two_blobs_softmax", "DeepLocalize", "50306988",
         causes="lr, epoch", metric="accuracy", detected="1111", right="0101",
         accepted=slugs("learning-rate-too-low too-few-epochs"),
         beyond=slugs("unscaled-features")),
    Case(5, "05_book_relu_output", "DeepLocalize", "48251943",
         causes="act", metric="eval_loss", detected="1001", right="0000",
         accepted=slugs("bounded-regression-output dying-relu")),
    Case(6, "06_multilabel_softmax_mse", "DeepLocalize", "38648195",
         causes="act, loss, epoch", metric="accuracy", detected="1010", right="0010",
         accepted=slugs("regression-loss-on-classes too-few-epochs"),
         beyond=slugs("excessive-dropout learning-rate-too-low unscaled-features"),
         note="The softmax over labels that do not exclude each other has no slug of its own."),
    Case(7, "07_linear_sum_softmax", "DeepLocalize", "33969059",
         causes="act", metric="r2", detected="1011", right="0000",
         accepted=slugs(
             "bounded-regression-output saturated-activation single-unit-softmax "
             "vanishing-gradient"
         ),
         beyond=slugs(
             "excessive-dropout learning-rate-too-high mis-scaled-init unscaled-features "
             "unscaled-targets"
         )),
    Case(8, "08_digits_raw_pixels", "DeepLocalize", "55328966",
         causes="act, opt, missing_prep", metric="accuracy", detected="1101", right="1101",
         accepted=slugs(
             "learning-rate-too-low sigmoid-with-cross-entropy stacked-linear "
             "unscaled-features"
         ),
         beyond=slugs("too-few-epochs")),
    Case(9, "09_xor_six_rows", "DeepLocalize", "34311586",
         causes="lr, act, init, epoch, batch_size",
         metric="accuracy", detected="1011", right="0011",
         accepted=slugs(
             "learning-rate-too-low mis-scaled-init single-unit-softmax symmetric-weights "
             "too-few-epochs vanishing-gradient"
         ),
         beyond=slugs("regression-loss-on-classes"),
         note="The table's batch size (32 for 6 rows) is a full batch here and has no slug."),
    Case(10, "10_ones_or_zeros", "DeepLocalize", "31880720",
         causes="act, epoch", metric="accuracy", detected="1011", right="0001",
         accepted=slugs("single-unit-softmax too-few-epochs vanishing-gradient")),
    Case(11, "11_heights_binary", "DeepLocalize", "39525358",
         causes="act, lr, missing_prep", metric="accuracy", detected="1011", right="0001",
         accepted=slugs("dying-relu learning-rate-too-low unscaled-features"),
         beyond=slugs("mis-scaled-init")),
    Case(12, "12_bit_permutation", "DeepLocalize", "39217567",
         causes="act, batch_size", metric="accuracy", detected="1001", right="0000",
         accepted=slugs(
             "collapsed-activations off-centre-activation saturated-activation "
             "vanishing-gradient"
         ),
         beyond=slugs(
             "learning-rate-too-low mis-scaled-init regression-loss-on-classes "
             "symmetric-weights"
         ),
         note=(
             "The table's batch size (50 instead of 1) means too few steps: no slug. A random "
             "permutation needs width: the cure is wider."
         )),
    Case(13, "13_parabola_noise", "DeepLocalize", "48934338",
         causes="lr", metric="r2", detected="1011", right="1001",
         accepted=slugs("learning-rate-too-high"),
         beyond=slugs("mis-scaled-init unscaled-features unscaled-targets"),
         note=(
             "The rate alone takes r2 from 0.02 to 0.88; the cure scales as well, so that it is "
             "healthy."
         )),
    Case(14, "14_census_income", "DeepLocalize", "47724077",
         causes="opt, lr, missing_prep, epoch", metric="accuracy", detected="1011", right="0000",
         accepted=slugs("learning-rate-too-high too-few-epochs unscaled-features"),
         beyond=slugs("oscillating-loss"),
         note=(
             "Generated after the census columns (final weight around 1e5); with raw columns "
             "steps are too large for the weights, not too small."
         )),
    Case(15, "15_digits_labels_divided", "DeepLocalize", "59325381",
         causes="loss, wrong_prep", metric="accuracy", detected="1001", right="0001",
         accepted=slugs("class-imbalance mismatched-preprocessing"),
         beyond=slugs("stacked-linear"),
         note="y / 255 as whole numbers is 0 for every row: one class remains."),
    Case(16, "16_iris_sigmoid_crossentropy", "DeepLocalize", "59278771",
         causes="act, opt, missing_prep", metric="eval_loss", detected="1011", right="1001",
         accepted=slugs("dying-relu sigmoid-with-cross-entropy unscaled-features"),
         beyond=slugs("learning-rate-too-low mis-scaled-init too-few-epochs"),
         note=(
             "The mistake as PyTorch has it: sigmoids into `CrossEntropyLoss`. The two losses "
             "are on one scale; accuracy gains as well."
         )),
    Case(17, "17_fourth_power", "DeepLocalize", "52800582",
         causes="missing_prep", metric="r2", detected="1011", right="1000",
         accepted=slugs("unscaled-features unscaled-targets"),
         beyond=slugs("learning-rate-too-low saturated-activation")),
    Case(18, "18_sine_direction", "DeepLocalize (No issue in structure)", "41372874",
         causes="origin", metric="accuracy", kind="dropped", detected="0001", right="0001",
         note=(
             "The table calls it clean. Here its two pairs of ReLUs learn or die by the seed "
             "(0.96, 0.90, 0.50), and wider layers gain: neither a fault of the table nor "
             "healthy."
         )),
    Case(19, "19_county_votes", "DeepLocalize", "34673164",
         causes="missing/redundant/wrong_layers, layer_roperties, act, loss",
         metric="accuracy", detected="1111", right="0100",
         accepted=slugs(
             "regression-loss-on-classes saturated-activation unscaled-features "
             "vanishing-gradient"
         ),
         beyond=slugs("excessive-dropout learning-rate-too-high no-validation"),
         note="The missing layer is the table's BatchNorm in front, which scales the inputs."),
    Case(20, "20_square_plus_three", "DeepLocalize", "48221692",
         causes="act", metric="r2", detected="1011", right="1000",
         accepted=slugs("bounded-regression-output saturated-activation vanishing-gradient"),
         beyond=slugs("unscaled-features unscaled-targets")),
    Case(21, "21_three_kinds_one_unit", "DeepLocalize", "50079585",
         causes="epoch, lr, act, loss, layer_properties",
         metric="accuracy", detected="1101", right="1101",
         accepted=slugs(
             "bounded-regression-output learning-rate-too-high learning-rate-too-low "
             "regression-loss-on-classes saturated-activation too-few-epochs "
             "vanishing-gradient"
         ),
         beyond=slugs("non-finite-loss"),
         note="`BCEWithLogitsLoss` on the class numbers 0, 1, 2; `BCELoss` refuses them."),
    Case(22, "22_uniform_target_softmax", "DeepLocalize", "45337371",
         causes="act", metric="r2", detected="1011", right="0001",
         accepted=slugs("single-unit-softmax vanishing-gradient"),
         note=(
             "The original's targets are independent of its inputs; these are not, so that the "
             "cure has something to learn."
         )),
    Case(23, "23_packets_relu_output", "DeepLocalize", "44066044",
         causes="missing_prep", metric="accuracy", detected="1011", right="1000",
         accepted=slugs("unscaled-features"),
         beyond=slugs("bounded-regression-output dying-relu mis-scaled-init")),
    Case(24, "24_iris_sigmoid_keras", "DeepLocalize", "51930566",
         causes="act", metric="eval_loss", detected="1011", right="0000",
         accepted=slugs("dying-relu sigmoid-with-cross-entropy"),
         beyond=slugs("learning-rate-too-low mis-scaled-init too-few-epochs unscaled-features")),
    Case(25, "25_digits_relu_output", "DeepLocalize", "47352366",
         causes="act, epoch", metric="accuracy", detected="1111", right="1110",
         accepted=slugs("dying-relu nll-without-log-softmax too-few-epochs"),
         beyond=slugs("non-finite-gradient non-finite-loss")),
    Case(26, "26_integers_two_classes", "DeepLocalize", "45442843",
         causes="loss, opt, act, epoch", metric="accuracy", detected="1011", right="1001",
         accepted=slugs(
             "regression-loss-on-classes saturated-activation single-unit-softmax "
             "too-few-epochs vanishing-gradient"
         ),
         beyond=slugs("unscaled-features")),
    Case(27, "27_colour_digits_big_batches", "DeepLocalize", "48594888",
         causes="epoch, batch_size", metric="accuracy", detected="1011", right="0001",
         accepted=slugs("too-few-epochs"),
         beyond=slugs("learning-rate-too-low"),
         note="The table's batch size is too large (few steps): no slug beyond too-few-epochs."),
    Case(28, "28_titanic_raw_columns", "DeepLocalize", "31627380",
         causes="opt, act, loss", metric="accuracy", detected="1011", right="0001",
         accepted=slugs("dying-relu learning-rate-too-high oscillating-loss unscaled-features"),
         beyond=slugs("noisy-batches"),
         note=(
             "opt, act and loss are judged by the table's fix, which begins with scaling; "
             "softmax and cross-entropy fit the two classes."
         )),
    Case(29, "29_number_to_class_bce", "DeepLocalize", "58609115",
         causes="loss", metric="accuracy", detected="1011", right="0000",
         accepted=slugs("sigmoid-with-cross-entropy"),
         beyond=slugs(
             "learning-rate-too-low mis-scaled-init symmetric-weights too-few-epochs "
             "vanishing-gradient"
         ),
         note="BCE over 20 classes (69 in the original) that exclude each other."),
    Case(30, "30_multilabel_one_class", "DeepLocalize", "50481178",
         causes="act, loss", metric="accuracy", kind="healthy", detected="1001", right="0000",
         note="No measurable defect in the table, none here."),
    Case(31, "31_bits_modulo_seven", "Recent", "56380303",
         causes="opt, lr", metric="accuracy", detected="1011", right="0000",
         accepted=slugs("learning-rate-too-low"),
         beyond=slugs("sigmoid-with-cross-entropy too-few-epochs underfitting"),
         note=(
             "Eight bits instead of 20, so that the cure can learn it. The softmax over bits "
             "that do not exclude each other is a fault beside the table's."
         )),
    Case(32, "32_sequence_tagging", "Recent", "59282996",
         causes="epoch, training_data_quality, layer_properties",
         metric="accuracy", detected="1101", right="1101",
         accepted=slugs("class-imbalance too-few-epochs"),
         beyond=slugs("learning-rate-too-low sigmoid-with-cross-entropy"),
         note="Labels 1 and 2 in three units, of which the first is never used."),
    Case(33, "33_volumes_batched_twice", "Recent", "58237726",
         causes="lr, wrong_prep", metric="accuracy", detected="1101", right="0101",
         accepted=slugs("learning-rate-too-high unshuffled-batches"),
         note=(
             "The rows of the generator are whole files of one class, batched again; both sets "
             "of volumes are generated."
         )),
    Case(34, "34_random_images_momentum", "Taxonomy", "37624102",
         causes="lr", metric="accuracy", detected="1111", right="1101",
         accepted=slugs("learning-rate-too-high"),
         beyond=slugs("no-validation"),
         note="Random images whose tint tells the class: pure noise has nothing to learn."),
    Case(37, "37_higgs_one_by_one", "Taxonomy", "41600519",
         causes="opt, loss, layer_properties, missing/redundant/wrong_layers",
         metric="accuracy", detected="1111", right="0111",
         accepted=slugs("excessive-dropout learning-rate-too-high oscillating-loss"),
         beyond=slugs("noisy-batches too-few-epochs unscaled-features"),
         note=(
             "Raw columns are no accepted cause in the table, although scaling is what cures "
             "most."
         )),
    Case(40, "40_autoencoder_signed", "Taxonomy", "42514960",
         causes="act", metric="eval_loss", detected="1000", right="0000",
         accepted=slugs("bounded-regression-output dying-relu")),
    Case(43, "43_regression_crossentropy", "Taxonomy", "46642627",
         causes="opt, lr, loss, missing_prep", metric="r2", detected="1101", right="0001",
         accepted=slugs("learning-rate-too-high unscaled-features unscaled-targets"),
         beyond=slugs("exploding-gradient implausible-initial-loss non-finite-loss"),
         note="Cross-entropy on amounts has no slug; `BCEWithLogitsLoss` is PyTorch's form of it."),
    Case(44, "44_sine_deep_relu", "Taxonomy", "46995209",
         causes="act, missing_prep, layer_properties, missing/redundant/wrong_layers",
         metric="r2", detected="1001", right="1000",
         accepted=slugs(
             "collapsed-activations dying-relu saturated-activation unscaled-features "
             "vanishing-gradient"
         ),
         beyond=slugs("too-few-epochs")),
    Case(45, "45_times_five", "Taxonomy", "51181393",
         causes="lr", metric="r2", detected="1011", right="0001",
         accepted=slugs("learning-rate-too-low"),
         beyond=slugs("too-few-epochs")),
    Case(48, "48_game_of_life", "DeepLocalize", "gol_nn",
         causes="loss, epoch, lr", metric="accuracy", detected="1001", right="0001",
         accepted=slugs("learning-rate-too-low too-few-epochs"),
         note="The table's loss (BCE) fits these targets and is no fault."),
    Case(52, "52_house_prices_tanh", "DeepLocalize", "kaggle-melbourne_properties",
         causes="act, model_type&properties", metric="r2", detected="1010", right="0010",
         accepted=slugs("saturated-activation underfitting vanishing-gradient"),
         beyond=slugs("unscaled-features"),
         note="Housing data is generated, raw as it is sold."),
    Case(57, "57_diabetes_women", "DeepFD xlsx only", "eangelou/kerasma",
         causes="(1) Missing/Redundant/Wrong  Layers", metric="accuracy", detected="", right="",
         accepted=slugs("underfitting"),
         beyond=slugs("unscaled-features"),
         note="Generated after the Pima columns. No tool's verdict is in the table."),
    Case(58, "58_mean_of_two", "DeepFD xlsx only", "vincenty2022/Averaging_Neural_Networks",
         causes="(1) Missing/Redundant/Wrong  Layers",
         metric="r2", kind="dropped", detected="", right="",
         note=(
             "The mean of two numbers is linear: without the hidden ReLU it is learned "
             "perfectly. The linear layers in a row are named with right, so it counts neither "
             "as a fault nor as healthy."
         )),
)
# fmt: on
