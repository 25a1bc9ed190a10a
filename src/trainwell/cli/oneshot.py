"""`trainwell oneshot`: enrol examples of labels, and recognise them in files and texts."""

from __future__ import annotations

__all__ = ["oneshot"]

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trainwell.cli.oneshot_doubts import doubts, told_as_lines
from trainwell.cli.oneshot_input import gathered, labelled, table
from trainwell.cli.oneshot_pretrain import PRETRAIN_EPILOG, pretrain
from trainwell.cli.output import put
from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from trainwell.oneshot import OneShotClassifier

_EPILOG = """\b
Examples:
  trainwell oneshot enroll parts --embedder efficientnet-lite0
      --label bolt bolt.png               one example is enough
  trainwell oneshot enroll parts --label nut nut1.png nut2.png
  trainwell oneshot predict parts new/*.png --unknown
  trainwell oneshot labels parts --forget nut
  trainwell oneshot evaluate parts labelled/     a folder a label
"""

oneshot = typer.Typer(
    help="Recognise labels of which you have one example each: pictures, sounds, texts.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=_EPILOG,
)

oneshot.command(epilog=PRETRAIN_EPILOG)(pretrain)

_Model = Annotated[str, typer.Argument(metavar="MODEL", help="The folder of a classifier.")]
_Format = Annotated[str, typer.Option("--format", metavar="csv|json", help="How to write it.")]
_Seed = Annotated[int, typer.Option("--seed", help="Of the random numbers.")]


@oneshot.command()
def enroll(
    model: _Model,
    examples: Annotated[
        list[str],
        typer.Argument(
            metavar="EXAMPLES",
            help="Files, texts, a .txt file with a text a line, or folders of such files. Without"
            " --label: a folder with a folder for each label, or a .csv of label,text.",
        ),
    ],
    label: Annotated[
        str | None, typer.Option("--label", help="What all these are examples of.")
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            "--embedder",
            help="Of a new MODEL, or the one it has: characters (drawings), efficientnet-lite0"
            " (photographs), minilm or wordllama (texts), spoken-words or voices (WAV), or a"
            " folder that `pretrain` wrote.",
        ),
    ] = None,
    cohort: Annotated[
        str | None,
        typer.Option(
            "--cohort",
            metavar="FOLDER",
            help="For a new MODEL: examples of other labels, a folder for each (or a .csv of"
            " label,text). Unknowns are refused by what these are like.",
        ),
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Refuse a label that is there.")] = False,
) -> int:
    """Add examples of labels; MODEL may be new.

    Nothing is trained: one example of a label is enough, and more may follow
    at any time. What looks wrong with what is enrolled (two labels too alike,
    an example nearer to another label, a cohort of another kind) is told on
    standard error.
    """
    with told_as_lines():
        classifier = _opened_or_new(model, embedder, cohort)
        medium = classifier._used_embedder().medium
        if label is not None:
            found, _ = gathered(examples, medium)
            classifier.enroll(label, found, new=new)
        else:
            found, labels = labelled(examples, medium)
            if known := sorted(set(labels) & set(map(str, classifier.labels))) if new else []:
                raise BadInputError(f"the label `{known[0]}` is enrolled already")
            classifier.partial_fit(found, labels)
    lines = doubts(classifier)
    classifier.save(model)
    counted = f"{len(found)} example{'s' * (len(found) != 1)}"
    put(sys.stdout, f"{model}: {counted} added, {len(classifier.labels)} labels in all\n")
    for line in lines:
        put(sys.stderr, f"trainwell: {line}\n")
    return 0


@oneshot.command()
def predict(
    model: _Model,
    examples: Annotated[
        list[str],
        typer.Argument(
            metavar="EXAMPLES", help="Files, texts, .txt files of lines, folders; - for stdin."
        ),
    ],
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Answer nothing where it is none of the labels.")
    ] = False,
    false_accept: Annotated[
        float,
        typer.Option("--false-accept", help="Share of unknown ones that may get a label."),
    ] = 0.05,
    assume: Annotated[
        str,
        typer.Option(
            "--assume",
            help="independent; balanced or one_to_one where the whole batch is known to hold each"
            " label equally often, or once at most.",
        ),
    ] = "independent",
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the nearest examples for each, and why.")
    ] = False,
    form: _Format = "csv",
) -> int:
    """Tell the label of each example.

    Beside it: its similarity, the score that decided, and its probability where the model has a
    cohort. An empty label is "none of these".
    """
    _check(form)
    classifier = _opened(model)
    found, names = gathered(examples, classifier._used_embedder().medium)
    if explain:
        if unknown:
            classifier.calibrate(false_accept)
        for example, name in zip(found, names, strict=True):
            told = classifier.explain([example], unknown=unknown)
            put(sys.stdout, f"{name}: {told}\n")
        return 0
    answers = classifier.predict_batch(
        found, assume, unknown=unknown, false_accept=false_accept if unknown else None
    )
    rows = [{"example": n, **row} for n, row in zip(names, answers.rows(), strict=True)]
    head = {"assume": answers.assume, "threshold": answers.threshold}
    put(sys.stdout, table(rows, form, head | {"calibrated": answers.calibrated}))
    return 0


@oneshot.command()
def labels(
    model: _Model,
    forget: Annotated[
        list[str] | None, typer.Option("--forget", help="Take this label away.")
    ] = None,
    rename: Annotated[
        str | None, typer.Option("--rename", metavar="OLD=NEW", help="Give it another name.")
    ] = None,
    merge: Annotated[
        str | None,
        typer.Option("--merge", metavar="LABEL=INTO", help="Give its examples to another."),
    ] = None,
    form: _Format = "csv",
) -> int:
    """List, forget, rename or merge labels."""
    _check(form)
    classifier = _opened(model)
    for each in forget or ():
        classifier.forget(each)
    if rename is not None:
        classifier.rename(*_pair("--rename", rename))
    if merge is not None:
        classifier.merge(*_pair("--merge", merge))
    if not classifier.labels:
        raise BadInputError(f"a classifier keeps one label at least: `{model}` stays as it was")
    if forget or rename is not None or merge is not None:
        classifier.save(model)
    gallery = classifier._known.gallery
    rows = [
        {"label": name, "examples": len(gallery.places(gallery.seat(name)))}
        for name in gallery.labels
    ]
    put(sys.stdout, table(rows, form, {"embedder": classifier._used_embedder().name}))
    return 0


@oneshot.command()
def evaluate(
    model: _Model,
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="FOLDER", help="A folder with a folder for each label, or a .csv of label,text."
        ),
    ],
    ways: Annotated[int, typer.Option("--ways", min=2, help="Labels in an episode.")] = 5,
    shots: Annotated[int, typer.Option("--shots", min=1, help="Examples enrolled of each.")] = 1,
    queries: Annotated[int, typer.Option("--queries", min=1, help="Asked for of each.")] = 15,
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="How many.")] = 600,
    plots: Annotated[
        str | None,
        typer.Option("--plots", metavar="FOLDER", help="Write pictures there (needs [plots])."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="text|json", help="How to write it.")
    ] = "text",
    seed: _Seed = 0,
) -> int:
    """Measure accuracy on labelled data.

    Episodes: a few labels are enrolled anew from a few examples and asked for, again and again,
    beside strangers. What MODEL has enrolled does not matter.
    """
    from trainwell.oneshot import evaluate_episodes

    if form not in ("text", "json"):
        raise BadInputError(f"`--format` must be text or json, got `{form}`")
    classifier = _opened(model)
    found, names = labelled(data, classifier._used_embedder().medium)
    done = evaluate_episodes(
        classifier,
        found,
        names,
        ways=ways,
        shots=shots,
        queries=queries,
        episodes=episodes,
        random_state=seed,
    )
    if plots is not None:
        _plot(plots, done, classifier)
    if form == "text":
        put(sys.stdout, f"{done}\n")
        return 0
    import json

    body: dict[str, Any] = {name: getattr(done, name) for name in ("ways", "shots", "episodes")}
    for name in ("accuracy", "auroc", "accuracy_at_false_accept", "found_false_accept"):
        value = getattr(done, name)
        body[name] = None if value is None else {"mean": value.mean, "half": value.half}
    body["calibration_error"] = None if done.reliability is None else done.reliability.error
    put(sys.stdout, json.dumps(body) + "\n")
    return 0


def _plot(folder: str, evaluation: Any, classifier: OneShotClassifier) -> None:
    from trainwell.oneshot import plot_confusion, plot_map, plot_reliability

    try:
        os.makedirs(folder, exist_ok=True)
        plot_confusion(evaluation).savefig(os.path.join(folder, "confusion.png"))
        plot_map(classifier).savefig(os.path.join(folder, "map.png"))
        if evaluation.reliability is not None:
            plot_reliability(evaluation).savefig(os.path.join(folder, "reliability.png"))
    except OSError as error:
        raise BadInputError(f"`{folder}` cannot be written: {error.strerror}") from error


def _opened(model: str) -> OneShotClassifier:
    from trainwell.oneshot import load

    return load(model)


def _opened_or_new(model: str, embedder: str | None, cohort: str | None) -> OneShotClassifier:
    from trainwell.oneshot import OneShotClassifier, load, load_embedder

    if os.path.exists(os.path.join(model, "classifier.json")):
        if cohort is not None:
            raise BadInputError(
                f"`{model}` has its cohort already: `--cohort` is for a new one, and leaving it "
                "out adds to this one"
            )
        # `load` compares its fingerprint with that of the embedder which enrolled what is there.
        return load(model, None if embedder is None else load_embedder(embedder))
    if embedder is None:
        raise BadInputError(f"`{model}` is new: `--embedder` says what its examples are")
    # A folder holds an embedder of the user's own; else it is the name of a pretrained one.
    used = load_embedder(embedder)
    given = labelled([cohort], used.medium) if cohort is not None else None
    return OneShotClassifier(used, cohort=given)


def _pair(option: str, text: str) -> tuple[str, str]:
    first, equals, second = text.partition("=")
    if not (first and equals and second):
        raise BadInputError(f"`{option}` takes two labels with = between, got `{text}`")
    return first, second


def _check(form: str) -> None:
    if form not in ("csv", "json"):
        raise BadInputError(f"`--format` must be csv or json, got `{form}`")
