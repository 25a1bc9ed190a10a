"""Machines on disk: a folder with model.json and the tensors in parameters.safetensors."""

from __future__ import annotations

__all__ = ["load", "save"]

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from sklearn.utils.validation import check_is_fitted

from trainwell.boltzmann.belief import Belief, Directed
from trainwell.boltzmann.classification import ClassificationRBM
from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.couplings_learner import CouplingsLearner
from trainwell.boltzmann.dbn import DBN
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimator import tensor_dtype
from trainwell.boltzmann.history import History
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.machine import SWEEPS, BoltzmannMachine
from trainwell.boltzmann.modules import encoder, output_layer
from trainwell.boltzmann.rbm import RBM
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.supervised import DBNClassifier, DBNRegressor
from trainwell.boltzmann.units import LabelledUnits, units_of
from trainwell.errors import BadInputError

Tensors: TypeAlias = "dict[str, torch.Tensor]"
Facts: TypeAlias = "dict[str, Any]"

_FORMAT = 1
_JSON, _TENSORS = "model.json", "parameters.safetensors"


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator into a folder, which is made when it is not there.

    Its callbacks and its history are left out; so is the random stream: a loaded machine that
    learns on draws new numbers.

    Args:
        estimator: any of `trainwell.boltzmann`.
        path: the folder.

    Raises:
        BadInputError: if it is no such estimator, or the folder cannot be written.
    """
    kind = type(estimator).__name__
    if kind not in _KINDS:
        raise BadInputError(f"`estimator` must be one of {', '.join(_KINDS)}, got {kind}")
    check_is_fitted(estimator)
    tensors, facts = _KINDS[kind][1](estimator)
    raw = save_tensors({name: t.detach().cpu().contiguous() for name, t in tensors.items()})
    body = {
        "format": _FORMAT,
        "kind": kind,
        "parameters": _plain(estimator.get_params(deep=False)),
        "n_features_in": int(estimator.n_features_in_),
        "n_iter": int(getattr(estimator, "n_iter_", 0)),
        "facts": facts,
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    try:
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, _TENSORS), "wb") as file:
            file.write(raw)
        with open(os.path.join(path, _JSON), "w", encoding="utf-8") as text:
            json.dump(body, text, indent=1)
    except OSError as error:
        raise BadInputError(f"`{os.fspath(path)}` cannot be written: {error.strerror}") from error


def load(path: str | os.PathLike[str]) -> Any:
    """The estimator that `save` wrote.

    Args:
        path: the folder.

    Raises:
        BadInputError: if it holds no machine, a damaged one, or one of a later format.
    """
    name = os.fspath(path)
    try:
        with open(os.path.join(path, _JSON), encoding="utf-8") as text:
            body = json.load(text)
        with open(os.path.join(path, _TENSORS), "rb") as file:
            raw = file.read()
    except OSError as error:
        raise BadInputError(f"`{name}` holds no machine: {error.strerror}") from error
    except ValueError as error:
        raise BadInputError(f"`{name}` is damaged: {_JSON} is no JSON") from error
    if not isinstance(body, dict) or body.get("format") != _FORMAT:
        raise BadInputError(f"`{name}` is of another format than {_FORMAT}, which is read here")
    if hashlib.sha256(raw).hexdigest() != body.get("sha256"):
        raise BadInputError(f"`{name}` is damaged: {_TENSORS} is not what was written")
    try:
        made, _, restore = _KINDS[body["kind"]]
        estimator = made(**body["parameters"])
        estimator.n_features_in_ = body["n_features_in"]
        estimator.n_iter_ = body["n_iter"]
        estimator.history_ = History()
        restore(estimator, load_tensors(raw), body["facts"])
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise BadInputError(f"`{name}` is damaged: {error}") from error
    return estimator


def _plain(parameters: Mapping[str, Any]) -> Facts:
    kept = {k: v for k, v in parameters.items() if k != "callbacks"}
    for key, value in kept.items():
        if isinstance(value, np.ndarray):
            kept[key] = value.astype(int).tolist()
        elif isinstance(value, torch.Tensor):
            kept[key] = value.int().tolist()
        elif isinstance(value, np.generic):
            kept[key] = value.item()
    if not isinstance(kept.get("random_state"), int | None):
        kept["random_state"] = None
    return kept


def _draws(estimator: Any) -> Draws:
    return Draws(estimator.random_state or 0, tensor_dtype(estimator.dtype), estimator.device)


def _from_rbm(rbm: RBM) -> tuple[Tensors, Facts]:
    machine = rbm.machine_
    tensors = {
        "weights": machine.weights,
        "visible_bias": machine.visible_bias,
        "hidden_bias": machine.hidden_bias,
        "base_bias": rbm.base_bias_,
        "mean": rbm._mean,
    }
    if rbm.algorithm == "pcd" and rbm.learner_.chains is not None:
        tensors["chains"] = rbm.learner_.chains
    return tensors, {}


def _to_rbm(rbm: RBM, tensors: Tensors, facts: Facts) -> None:
    del facts
    draws = rbm._draws = _draws(rbm)
    at = {name: t.to(draws.device) for name, t in tensors.items()}
    units = units_of(rbm.visible, len(at["visible_bias"]), rbm.n_categories)
    rbm.machine_ = Restricted(at["weights"], at["visible_bias"], at["hidden_bias"], units)
    rbm.base_bias_, rbm._mean, rbm._partition = at["base_bias"], at["mean"], None
    learner = Learner(rbm.machine_, rbm._rules(), draws, rbm.base_bias_, rbm._mean)
    if "chains" in at:
        learner.chains = at["chains"]
    rbm.learner_ = learner


def _from_machine(estimator: BoltzmannMachine) -> tuple[Tensors, Facts]:
    machine = estimator.machine_
    tensors = {
        "weights": machine.weights,
        "bias": machine.bias,
        "linked": machine.linked,
        "base_bias": estimator.base_bias_,
        "mean": estimator._mean,
    }
    return tensors, {}


def _to_machine(estimator: BoltzmannMachine, tensors: Tensors, facts: Facts) -> None:
    del facts
    draws = estimator._draws = _draws(estimator)
    at = {name: t.to(draws.device) for name, t in tensors.items()}
    estimator.machine_ = Couplings.of(at["weights"], at["bias"], at["linked"], len(at["mean"]))
    estimator.base_bias_, estimator._mean = at["base_bias"], at["mean"]
    estimator._partition = None
    estimator.learner_ = CouplingsLearner(
        estimator.machine_,
        estimator._rules(),
        draws,
        estimator.base_bias_,
        estimator._mean,
        estimator._positive(),
        SWEEPS,
    )


def _from_classifier(estimator: ClassificationRBM) -> tuple[Tensors, Facts]:
    machine = estimator.machine_
    tensors = {
        "weights": machine.weights,
        "visible_bias": machine.visible_bias,
        "hidden_bias": machine.hidden_bias,
    }
    return tensors, {"classes": estimator.classes_.tolist()}


def _to_classifier(estimator: ClassificationRBM, tensors: Tensors, facts: Facts) -> None:
    estimator.classes_ = np.array(facts["classes"])
    draws = estimator._draws = _draws(estimator)
    at = {name: t.to(draws.device) for name, t in tensors.items()}
    classes = len(estimator.classes_)
    inner = units_of(estimator.visible, len(at["visible_bias"]) - classes, None)
    units = LabelledUnits(inner, classes)
    estimator.machine_ = Restricted(at["weights"], at["visible_bias"], at["hidden_bias"], units)


def _from_dbn(dbn: DBN) -> tuple[Tensors, Facts]:
    tensors: Tensors = {}
    for number, machine in enumerate(dbn.machines_):
        tensors |= {f"{number}.{name}": t for name, t in _from_rbm(machine)[0].items()}
    for number, layer in enumerate(dbn.belief_.layers):
        for name in ("up", "up_bias", "down", "down_bias"):
            tensors[f"{number}.{name}"] = getattr(layer, name)
    return tensors, {}


def _to_dbn(dbn: DBN, tensors: Tensors, facts: Facts) -> None:
    del facts
    dbn._draws = _draws(dbn)
    dbn.machines_, directed = [], []
    for number, units in enumerate(dbn.layers):
        own = {
            name.partition(".")[2]: t
            for name, t in tensors.items()
            if name.startswith(f"{number}.")
        }
        machine = dbn._machine(number, units, 0)
        _to_rbm(machine, own, {})
        machine.n_features_in_, machine.history_ = machine.machine_.n_visible, History()
        dbn.machines_.append(machine)
        if number < len(dbn.layers) - 1:
            parts = [own[n].to(dbn._draws.device) for n in ("up", "up_bias", "down", "down_bias")]
            directed.append(
                Directed(parts[0], parts[1], parts[2], parts[3], machine.machine_.units)
            )
    dbn.belief_ = Belief(directed, dbn.machines_[-1].machine_)


def _from_supervised(estimator: Any) -> tuple[Tensors, Facts]:
    facts: Facts = {}
    if isinstance(estimator, DBNClassifier):
        facts["classes"] = estimator.classes_.tolist()
    else:
        facts["flat"] = estimator._flat
        facts["centre"] = estimator._centre.tolist()
        facts["spread"] = estimator._spread.tolist()
    return dict(estimator.module_.state_dict()), facts


def _to_supervised(estimator: Any, tensors: Tensors, facts: Facts) -> None:
    if isinstance(estimator, DBNClassifier):
        estimator.classes_ = np.array(facts["classes"])
    else:
        estimator._flat = facts["flat"]
        estimator._centre, estimator._spread = (
            np.array(facts["centre"]),
            np.array(facts["spread"]),
        )
    draws = _draws(estimator)
    widths = [estimator.n_features_in_, *estimator.layers]
    empty = [
        (
            torch.empty(lower, upper, dtype=draws.dtype, device=draws.device),
            torch.empty(upper, dtype=draws.dtype, device=draws.device),
        )
        for lower, upper in pairwise(widths)
    ]
    output = output_layer(widths[-1], estimator._outputs(), draws)
    layers = encoder(empty, estimator.dropout, estimator.input_dropout)
    estimator.module_ = torch.nn.Sequential(*layers, output).eval()
    estimator.module_.load_state_dict(tensors)


_KINDS: dict[str, tuple[Any, Callable[[Any], tuple[Tensors, Facts]], Callable[..., None]]] = {
    "RBM": (RBM, _from_rbm, _to_rbm),
    "BoltzmannMachine": (BoltzmannMachine, _from_machine, _to_machine),
    "ClassificationRBM": (ClassificationRBM, _from_classifier, _to_classifier),
    "DBN": (DBN, _from_dbn, _to_dbn),
    "DBNClassifier": (DBNClassifier, _from_supervised, _to_supervised),
    "DBNRegressor": (DBNRegressor, _from_supervised, _to_supervised),
}
