"""The record: what was seen of a run, as plain data. Imports no torch."""

from __future__ import annotations

from trainwell.record.behaviour import Dependence, Made, Noise, Severed
from trainwell.record.checkpoints import Checkpoint
from trainwell.record.counterfactual import Counterfactual
from trainwell.record.examples import Examples
from trainwell.record.facts import (
    Detail,
    Evaluation,
    Fact,
    Features,
    Inputs,
    LossCall,
    Network,
    Objective,
    Operation,
    Optimizer,
    Parameter,
    Place,
)
from trainwell.record.incidents import Failure, Loader, Trouble
from trainwell.record.machines import Machine
from trainwell.record.ranks import Rank
from trainwell.record.recognisers import Recogniser
from trainwell.record.run import FACT_KINDS, Run
from trainwell.record.sequences import Attention, Ordering, PaddingRead, Twin
from trainwell.record.series import Series
from trainwell.record.sightings import SEVERITIES, Severity, Sighting, Undecided
from trainwell.record.timeline import Clipping, Scheduler

__all__ = [
    "FACT_KINDS",
    "SEVERITIES",
    "Attention",
    "Checkpoint",
    "Clipping",
    "Counterfactual",
    "Dependence",
    "Detail",
    "Evaluation",
    "Examples",
    "Fact",
    "Failure",
    "Features",
    "Inputs",
    "Loader",
    "LossCall",
    "Machine",
    "Made",
    "Network",
    "Noise",
    "Objective",
    "Operation",
    "Optimizer",
    "Ordering",
    "PaddingRead",
    "Parameter",
    "Place",
    "Rank",
    "Recogniser",
    "Run",
    "Scheduler",
    "Series",
    "Severed",
    "Severity",
    "Sighting",
    "Trouble",
    "Twin",
    "Undecided",
]
