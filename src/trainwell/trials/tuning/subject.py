"""A script whose hyperparameters are searched: what it has, and the job of a setting."""

from __future__ import annotations

__all__ = ["ScriptSubject", "Subject"]

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.record.codec import run_from_json
from trainwell.remedies.survey import Survey
from trainwell.trials.job import Job, Outcome
from trainwell.trials.measure import Measure, check_pattern, choose_measure
from trainwell.trials.tuning.arguments import with_values
from trainwell.trials.tuning.constants import by_module, constants_of, module_file
from trainwell.trials.tuning.domain import Range, Value
from trainwell.trials.tuning.knobs import KNOBS, Seen, default_of, regularises, to_settings
from trainwell.trials.tuning.parameter import Parameter, Place, Values, ordered
from trainwell.trials.tuning.plan import TunePlan


class Subject(Protocol):
    """What is tuned."""

    def default_job(self) -> Job | None:
        """The job of the defaults; None when there are none."""
        ...

    def learn(self, outcome: Outcome) -> Measure:
        """Take in how the defaults did, and say what trials are compared by."""
        ...

    def fit(self, parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
        """The parameters as this subject takes them, in the order of their conditions."""
        ...

    def default_values(self, parameters: Iterable[Parameter]) -> Values:
        """What the defaults are, as far as that is known."""
        ...

    def job(self, values: Values, seed: int, *, follow: bool) -> Job:
        """The job of a setting."""
        ...

    def regularises(self, values: Values) -> bool:
        """Whether a setting must not be judged early."""
        ...

    @property
    def evaluations(self) -> int:
        """How many the defaults made."""
        ...


class ScriptSubject:
    """A script.

    Args:
        plan: what is asked for.
        threads: that each of its trials may use.

    Attributes:
        options: of its own command line, as `trainwell.trials.tuning.arguments.listen` notes them.
        seen: what was learned of it; there after `learn`.

    Raises:
        BadInputError: if it cannot be read, or the metric's pattern is wrong.
    """

    def __init__(self, plan: TunePlan, threads: int) -> None:
        plan.digest()
        if plan.metric is not None:
            check_pattern(plan.metric)
        self._plan = plan
        self._threads = threads
        self._scratch: tuple[str, ...] = ()
        self._evaluates_at: tuple[tuple[str, int], ...] = ()
        self._curve = 0
        self.options: list[dict[str, Any]] = []
        self.seen: Seen

    @property
    def evaluations(self) -> int:
        """Points of the curve that trials are compared by."""
        return self._curve

    def default_job(self) -> Job:
        """The script as it is, looked at closely."""
        return self._job({}, 0, follow=False, survey=True)

    def learn(self, outcome: Outcome) -> Measure:
        """Take in what the script as it is did.

        Raises:
            BadInputError: if it failed, trained nothing, or cannot be judged.
        """
        if outcome.failed:
            last = outcome.error or (outcome.output.strip().splitlines() or ["no message"])[-1]
            raise BadInputError(
                f"the script fails with its own defaults, so nothing can be tuned: {last}"
                " (`trainwell run` explains it)"
            )
        if not outcome.steps and self._plan.metric is None:
            trouble = "".join(f"; {note}" for note in outcome.notes)
            raise BadInputError(
                f"saw no backward(): nothing was trained, there is nothing to tune{trouble}"
            )
        run = run_from_json(outcome.run or {})
        survey = Survey.from_json(outcome.survey or {})
        steps = max((o.steps for o in run.optimizers.values()), default=0)
        self.seen = Seen(run, survey, outcome.epochs or survey.evaluations, steps)
        self.options = list(outcome.options or ())
        self._scratch = outcome.written
        self._evaluates_at = tuple(
            (e.place.file, e.place.line)
            for e in run.evaluations.values()
            if "with gradients" in e.key and e.place.file and e.place.line
        )
        measure, _ = choose_measure(
            outcome,
            self._plan.metric,
            maximize=self._plan.maximize,
            # Smoothed labels and their like change the training loss only.
            by_accuracy=False,
        )
        self._curve = len(outcome.curves.get(measure.curve, ()))
        return measure

    def fit(self, parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
        """The parameters as this script takes them.

        Raises:
            BadInputError: if it has no such parameter, or cannot have such a value.
        """
        found = []
        for parameter in ordered(parameters):
            fit = {
                Place.LIVE: self._fit_knob,
                Place.ARGUMENT: self._fit_argument,
                Place.CONSTANT: self._fit_constant,
                Place.ENVIRONMENT: _as_it_is,
            }
            found.append(fit[parameter.place](parameter))
        return tuple(found)

    def _fit_knob(self, parameter: Parameter) -> Parameter:
        name = parameter.name
        if name not in KNOBS:
            known = [*KNOBS, *(n for o in self.options for n in o["names"])]
            raise UnknownNameError("parameter", name, known)
        reason = KNOBS[name].unfit(self.seen)
        if reason is not None:
            raise BadInputError(f"`{name}` cannot be set in this script: {reason}")
        domain = KNOBS[name].checked(name, parameter.domain)
        return Parameter(name, domain, parameter.condition)

    def _fit_argument(self, parameter: Parameter) -> Parameter:
        if not self.options:
            # Without argparse the script itself says what it rejects.
            return parameter
        option = next((o for o in self.options if parameter.name in o["names"]), None)
        if option is None:
            known = [n for o in self.options for n in o["names"]]
            raise UnknownNameError(f"argument of `{self._plan.script}`:", parameter.name, known)
        domain = parameter.domain
        if option["kind"] == "int" and isinstance(domain, Range):
            domain = domain.of_whole_numbers(parameter.name)
        if option["choices"] is not None and not isinstance(domain, Range):
            texts = [str(c) for c in option["choices"]]
            wrong = next((v for v in domain.values if str(v) not in texts), None)
            if wrong is not None:
                raise BadInputError(
                    f"`{parameter.name}` is one of {', '.join(texts)}; got `{wrong}`"
                )
        return Parameter(parameter.name, domain, parameter.condition)

    def _fit_constant(self, parameter: Parameter) -> Parameter:
        default = self._constant(parameter.name)
        domain = parameter.domain
        whole = isinstance(default, int) and not isinstance(default, bool)
        if whole and isinstance(domain, Range):
            domain = domain.of_whole_numbers(parameter.name)
        return Parameter(parameter.name, domain, parameter.condition)

    def _constant(self, name: str) -> Value:
        script = self._plan.script
        mine, others = by_module({name: 0}, script, is_module=self._plan.is_module)
        path, constant = script, next(iter(mine), "")
        if others:
            ((module, wanted),) = others.items()
            path, constant = module_file(self._home(), module), next(iter(wanted))
        with open(path, encoding="utf-8") as file:
            known = constants_of(file.read())
        if constant not in known:
            raise UnknownNameError(f"constant of `{path}`:", constant, known)
        value: Value = known[constant]
        return value

    def default_values(self, parameters: Iterable[Parameter]) -> Values:
        """What the script itself has, as far as that is known."""
        found: Values = {}
        for parameter in parameters:
            value = self._default(parameter)
            if isinstance(value, int) and isinstance(parameter.domain, Range):
                value = value if parameter.domain.whole else float(value)
            if value is not None:
                found[parameter.name] = value
        return found

    def _default(self, parameter: Parameter) -> Value | None:
        name = parameter.name
        if parameter.place is Place.LIVE:
            return default_of(name, self.seen)
        if parameter.place is Place.CONSTANT:
            return self._constant(name)
        if parameter.place is Place.ENVIRONMENT:
            return os.environ.get(name.removeprefix("env."))
        option = next((o for o in self.options if name in o["names"]), None)
        value: Value | None = None if option is None else option["value"]
        return value

    def job(self, values: Values, seed: int, *, follow: bool) -> Job:
        """The script with these values."""
        return self._job(values, seed, follow=follow, survey=False)

    def regularises(self, values: Values) -> bool:
        """Whether a setting must not be judged early."""
        return regularises(values, self.seen)

    def command(self, values: Values) -> str:
        """What to type to run a setting, as far as arguments and environment go."""
        import shlex

        by_place = _by_place(values)
        environment = [f"{k}={shlex.quote(str(v))}" for k, v in by_place[Place.ENVIRONMENT].items()]
        words = with_values(self._plan.arguments, by_place[Place.ARGUMENT], self.options)
        script = ["-m", self._plan.script] if self._plan.is_module else [self._plan.script]
        return " ".join([*environment, "python", *(shlex.quote(w) for w in (*script, *words))])

    def _job(self, values: Values, seed: int, *, follow: bool, survey: bool) -> Job:
        plan = self._plan
        by_place = _by_place(values)
        live = by_place[Place.LIVE]
        script = plan.script
        if self._scratch and not plan.is_module:
            # The mirror does not change where the script itself lies.
            script = os.path.abspath(os.path.join(plan.folder, script))
        return Job(
            script=script,
            arguments=with_values(plan.arguments, by_place[Place.ARGUMENT], self.options),
            seed=seed,
            remedies=tuple(s.to_json() for s in to_settings(live, self.seen)) if live else (),
            survey=survey,
            record=survey,
            evaluates_at=self._evaluates_at,
            is_module=plan.is_module,
            folder=plan.folder,
            scratch=self._scratch,
            threads=self._threads,
            environment={k: str(v) for k, v in by_place[Place.ENVIRONMENT].items()},
            home=self._home(),
            constants=by_place[Place.CONSTANT],
            follow=follow,
        )

    def _home(self) -> str:
        if self._plan.is_module:
            return os.path.abspath(self._plan.folder)
        return os.path.dirname(os.path.realpath(os.path.join(self._plan.folder, self._plan.script)))


def _by_place(values: Mapping[str, Value]) -> dict[Place, Values]:
    found: dict[Place, Values] = {place: {} for place in Place}
    for name, value in values.items():
        place = Parameter(name, Range(0, 0)).place
        found[place][name.removeprefix("env.") if place is Place.ENVIRONMENT else name] = value
    return found


def learned(seen: Seen) -> Sequence[tuple[str, int]]:
    """Learned parameters by layer: name and count, in the order of the names."""
    found: dict[str, int] = {}
    for parameter in seen.run.parameters.values():
        count = 1
        for size in parameter.shape:
            count *= size
        layer = parameter.layer or parameter.name
        found[layer] = found.get(layer, 0) + count
    # "10" stands behind "9"; the record has them as the graph was walked, from its end.
    return sorted(found.items(), key=lambda i: [t.zfill(6) for t in i[0].split(".")])


def _as_it_is(parameter: Parameter) -> Parameter:
    return parameter
