"""Treats a script: runs it as it is, tries cures under control, proves one, makes the patch."""

from __future__ import annotations

__all__ = ["Treatment"]

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from math import fsum

from trainwell.configuration.settings import settings_for
from trainwell.diagnosis import Diagnosis, diagnose
from trainwell.errors import BadInputError, CannotApplyError
from trainwell.record.codec import run_from_json
from trainwell.record.run import new_id
from trainwell.record.treatments import Treatments
from trainwell.remedies.catalogue import parse
from trainwell.remedies.edits import unified_diff
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.survey import Survey
from trainwell.trials.answer import Answer, ArmResult
from trainwell.trials.arms import AS_IT_IS, Arm, candidates, combine, compatible, prescribe
from trainwell.trials.candidates import Candidate, from_command, from_patch
from trainwell.trials.checking import check
from trainwell.trials.confirming_race import ConfirmingRace, expected_runs
from trainwell.trials.exact_race import ExactRace
from trainwell.trials.fairness import doubts
from trainwell.trials.job import Outcome
from trainwell.trials.measure import Measure, check_pattern, choose_measure
from trainwell.trials.patch import Patch
from trainwell.trials.patches import make_patch, write_source
from trainwell.trials.plan import Plan, Progress, plan_to_json
from trainwell.trials.pool import Pool, cores, preloads
from trainwell.trials.race import Race, Rules
from trainwell.trials.results import leader, results
from trainwell.trials.runner import OutOfBudgetError, Runner, duration

_ARMS = 8
"""Arms of one round at most; the most promising come first."""

_ON_TOP = 4
"""Arms of a later round."""

_GAIN = 0.05
"""What another remedy has to add, as a share of the effect so far."""

_INTERRUPTED = "interrupted: `trainwell treat --resume` goes on from here"


class Treatment:
    """One treatment of one script. `run` does it; what has ended is kept, and found by `resume`.

    Args:
        plan: what is asked for.
        treatments: where trials are kept, or None.
        tell: is told how it stands, whenever a trial begins or ends.
        resume: id of an earlier treatment of the same plan, whose trials count.
        pool: runs the trials, and is left open; one of its own when None.
    """

    def __init__(
        self,
        plan: Plan,
        treatments: Treatments | None = None,
        tell: Callable[[Progress], None] = lambda _: None,
        resume: str | None = None,
        pool: Pool | None = None,
    ) -> None:
        self._plan = plan
        self._treatments = treatments
        self._tell = tell
        self._pool = pool
        self._kept: dict[tuple[str, int], Outcome] = {}
        self.arms: dict[str, Arm] = {}
        self._races: list[Race] = []
        self._proven_after: int | None = None
        self._made: list[str] = []
        """Sources of candidates that stand beside the script while it is treated."""
        self._unfit: dict[str, str] = {}
        self._rules = Rules(most=plan.most, exact=plan.exact)
        self._runner: Runner
        self._measure: Measure
        self.id = resume or new_id()
        body = plan_to_json(plan)
        if plan.remedies is not None:
            parse(plan.remedies)  # a mistake in a name shows before the script runs
        if plan.metric is not None:
            check_pattern(plan.metric)
        if treatments is not None and resume is None:
            treatments.begin(self.id, plan.script, body)
        elif treatments is not None and resume is not None:
            kept = treatments.trials(resume)
            self._kept = {key: Outcome.from_json(outcome) for key, outcome in kept.items()}

    def run(self) -> Answer:
        """Do it.

        Returns:
            The answer; after Ctrl-C, and when the budget is used up, that of the trials so far.

        Raises:
            BadInputError: if the script fails as it is, trains nothing, or cannot be judged.
        """
        plan = self._plan
        stopped, winner, patch = "", None, None
        given = self._candidates()
        with nullcontext(self._pool) if self._pool is not None else self._new_pool() as pool:
            self._runner = Runner(plan, pool, self.id, self._treatments, self._tell, self._kept)
            survey, diagnosis = self._look()
            wanted = self._wanted(diagnosis, survey)
            other = self._judge(wanted)
            try:
                self._judge_candidates(given)
                if not given or plan.remedies is not None:
                    winner = self._search(diagnosis, self._comparable(wanted), survey)
            except OutOfBudgetError as end:
                stopped = str(end)
            except KeyboardInterrupt:
                stopped = _INTERRUPTED
            finally:
                for path in self._made:
                    os.unlink(path)
                self._made = []
            found = results(self.arms, self._races, self._kept, self._measure, other)
            found = [self._weigh(r, diagnosis) for r in found]
            if stopped or (winner is None and given):
                winner = self.arms.get(leader(found) or "")
            if winner is not None and stopped != _INTERRUPTED:
                try:
                    patch = self._patch(winner, survey)
                except KeyboardInterrupt:
                    stopped = _INTERRUPTED
        if self._treatments is not None and stopped != _INTERRUPTED:
            self._treatments.finish(self.id)
        baseline = {
            seed: self._measure.value(outcome)
            for (label, seed), outcome in sorted(self._kept.items())
            if label == AS_IT_IS
        }
        return Answer(
            id=self.id,
            script=plan.script,
            measure=self._measure,
            other=other,
            diagnosis=diagnosis,
            baseline=baseline,
            arms=tuple(found),
            winner=next((r for r in found if winner and r.label == winner.label), None),
            patch=patch,
            unfit=self._unfit,
            runs=len(self._kept),
            seconds=self._runner.seconds,
            stopped=stopped,
            shared_files=self._kept[AS_IT_IS, 0].written_whole,
            deterministic=len(baseline) > 2 and len(set(baseline.values())) == 1,
            proven_after=self._proven_after,
            quick=plan.quick,
        )

    def _new_pool(self) -> Pool:
        size = self._plan.jobs or cores()
        return Pool(size, () if self._plan.is_module else preloads(self._plan.script))

    def _look(self) -> tuple[Survey, Diagnosis]:
        """Run the script once as it is, and learn all that can be learned from that."""
        self._runner.need([(Arm(), 0)])
        outcome = self._kept[AS_IT_IS, 0]
        if outcome.failed:
            last = outcome.error or (outcome.output.strip().splitlines() or ["no message"])[-1]
            raise BadInputError(
                f"the script itself fails, so nothing can be compared: {last}"
                " (`trainwell run` explains it)"
            )
        if not outcome.steps:
            raise BadInputError("saw no backward(): nothing was trained, there is nothing to treat")
        assert outcome.survey is not None
        run = run_from_json(outcome.run or {})
        run.script, run.arguments = self._plan.script, list(self._plan.arguments)
        self._runner.evaluates_at = tuple(
            (e.place.file, e.place.line)
            for e in run.evaluations.values()
            if "with gradients" in e.key and e.place.file and e.place.line
        )
        settings = settings_for("-m " if self._plan.is_module else self._plan.script)
        return Survey.from_json(outcome.survey), diagnose(run, settings.findings())

    def _wanted(self, diagnosis: Diagnosis, survey: Survey) -> list[Remedy]:
        plan = self._plan
        if plan.remedies is None:
            found, unfit = candidates(diagnosis, survey, overfitting=plan.overfitting)
            self._unfit |= unfit
            return found
        found = []
        for remedy in parse(plan.remedies):
            try:
                found.append(remedy.fitted(diagnosis.run, survey))
            except CannotApplyError as error:
                self._unfit[remedy.name] = str(error)
        return found

    def _judge(self, wanted: list[Remedy]) -> Measure | None:
        """Declare the measure, before anything is compared."""
        self._measure, other = choose_measure(
            self._kept[AS_IT_IS, 0],
            self._plan.metric,
            maximize=self._plan.maximize,
            by_accuracy=any(r.changes_loss for r in wanted),
        )
        return other

    def _comparable(self, wanted: list[Remedy]) -> list[Remedy]:
        """Without what changes the loss function, where the loss is the measure."""
        if not self._measure.is_loss:
            return wanted
        for remedy in wanted:
            if remedy.changes_loss:
                self._unfit[remedy.name] = (
                    "it changes the evaluation loss, and no accuracy was seen to judge by: --metric"
                )
        return [r for r in wanted if not r.changes_loss]

    def _search(self, diagnosis: Diagnosis, wanted: list[Remedy], survey: Survey) -> Arm | None:
        """Singly and all at once, then the winners together, then on top of what has helped."""
        base = Arm()
        for number in range(self._plan.rounds):
            on_top = [r for r in wanted if compatible(base.remedies, r)]
            most = _ARMS if number == 0 else _ON_TOP
            arms = [Arm((*base.remedies, r)) for r in on_top]
            arms = [a for a in arms if a.label not in self.arms][:most]
            roots = diagnosis.roots if number == 0 else ()
            arms += [Arm((*base.remedies, *a.remedies)) for a in prescribe(roots, on_top)]
            arms = [a for a in {a.label: a for a in arms}.values() if a.label not in self.arms]
            if not arms:
                break
            if self._plan.quick:
                return self._glance(arms[0])
            if number == 0:
                self._runner.announce(self._expected(len(arms)))
            where = "" if number == 0 else f" on top of {base.label}"
            self._runner.stage = f"round {number + 1}: {_count(len(arms))}{where}"
            helping = self._race(base, arms)
            if not helping or not self._worth(helping[0], base):
                break
            base = self._together(helping)
            base = self._simplify(base)
            wanted = self._again(base, wanted, survey)
        return base if base.remedies else None

    def _candidates(self) -> list[Candidate]:
        plan = self._plan
        if plan.is_module and (plan.patches or plan.commands):
            raise BadInputError("`--patch` and `--candidate` judge scripts, not modules")
        script, arguments = plan.script, plan.arguments
        found = [from_patch(path, script, arguments) for path in plan.patches]
        return found + [from_command(text, script, arguments) for text in plan.commands]

    def _judge_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Test each by itself: nobody chose it among others, so that every seed counts."""
        for number, candidate in enumerate(candidates):
            arm = Arm(candidate=candidate)
            path = candidate.path
            if not path:
                folder, name = os.path.split(os.path.abspath(self._plan.script))
                path = os.path.join(folder, f".trainwell-{os.getpid()}-{number}-{name}")
                self._made.append(path)
                write_source(path, candidate.source)
            self._runner.standing_in[arm.label] = path
            self._runner.stage = f"judging {arm.label}"
            level = self._rules.level / len(candidates)
            self._race(Arm(), [arm], replace(self._rules, screen=0, level=level, exact=False))

    def _weigh(self, result: ArmResult, diagnosis: Diagnosis) -> ArmResult:
        """A candidate's result, with what speaks against its gain."""
        candidate = self.arms[result.label].candidate
        outcome = self._kept.get((result.label, 0))
        if candidate is None or outcome is None:
            return result
        before = {root.slug for root in diagnosis.roots}
        after: set[str] = set()
        if outcome.run is not None:
            after = {root.slug for root in diagnose(run_from_json(outcome.run)).roots}
        with open(self._plan.script, encoding="utf-8", newline="") as file:
            original = file.read()
        known = self._kept[AS_IT_IS, 0]
        found = doubts(candidate, original, known, outcome, self._measure, after - before)
        comparison = result.comparison
        if found and comparison.verdict == "helps":
            comparison = replace(comparison, verdict="flagged")
        return replace(result, comparison=comparison, doubts=tuple(found))

    def _glance(self, arm: Arm) -> Arm | None:
        """One arm on one seed; the arm itself where it does better."""
        self._runner.stage = f"a quick look at {arm.label}"
        self.arms[arm.label] = arm
        self._runner.need([(arm, 0)])
        return arm if self._sum(arm.label, [0]) < self._sum(AS_IT_IS, [0]) else None

    def _expected(self, arms: int) -> str:
        """How long the first answer takes, as far as that is known."""
        least, most = expected_runs(arms, self._rules)
        seconds = self._kept[AS_IT_IS, 0].seconds / self._runner.pool.size
        told = (
            f"a run takes {duration(self._kept[AS_IT_IS, 0].seconds)}: a first answer takes about"
            f" {least} runs ({duration(least * seconds)}) where the effect is large, and up to"
            f" {most} ({duration(most * seconds)})"
        )
        if self._plan.budget < least * seconds:
            told += (
                f"; the budget of {duration(self._plan.budget)} is too short for it: `--quick`"
                " looks at one remedy on one seed"
            )
        return told

    def _together(self, helping: list[Arm]) -> Arm:
        """The best of what helps, or several of them together where that is better."""
        arms = [a for a in combine(helping) if a.label not in self.arms]
        if not arms:
            return helping[0]
        self._runner.stage = "the winners together"
        better = self._race(helping[0], arms)
        return better[0] if better and self._worth(better[0], helping[0]) else helping[0]

    def _simplify(self, arm: Arm) -> Arm:
        """Without the remedies that add next to nothing; proven again where some were left out."""
        least = arm
        seeds = range(self._rules.screen)
        while len(least.remedies) > 1:
            self._runner.stage = f"leaving out what {least.label} does not need"
            fewer = [Arm(tuple(r for r in least.remedies if r != one)) for one in least.remedies]
            self.arms |= {a.label: a for a in fewer}
            self._runner.need([(a, s) for a in (Arm(), *fewer) for s in seeds])
            costs = {a.label: self._sum(a.label, seeds) for a in (Arm(), arm, *fewer)}
            gained = costs[AS_IT_IS] - costs[arm.label]
            best = min(fewer, key=lambda a: costs[a.label])
            if not costs[best.label] <= costs[arm.label] + _GAIN * abs(gained):
                break
            least = best
        if least.label == arm.label:
            return arm
        return least if self._race(Arm(), [least]) else arm

    def _again(self, base: Arm, wanted: list[Remedy], survey: Survey) -> list[Remedy]:
        """What to try on top: what is found in the treated run, and what did not help alone."""
        outcome = self._kept[base.label, 0]
        if outcome.run is None or self._plan.remedies is not None:
            return wanted
        run = run_from_json(outcome.run)
        run.script = self._plan.script
        found = self._comparable(candidates(diagnose(run), survey)[0])
        known = {r.label for r in found}
        return [*found, *(r for r in wanted if r.label not in known)]

    def _race(self, base: Arm, arms: Sequence[Arm], rules: Rules | None = None) -> list[Arm]:
        """The arms that help beside `base`, the best first."""
        rules = rules or self._rules
        by_label = {a.label: a for a in (Arm(), base, *arms)}
        self.arms |= {a.label: a for a in arms}
        kind = ExactRace if rules.exact else ConfirmingRace
        race: Race = kind(base.label, [a.label for a in arms], rules)
        self._races.append(race)
        while pairs := race.wanted():
            # The script as it is runs on every seed: all arms are compared with it in the end.
            needed = dict.fromkeys([*pairs, *((AS_IT_IS, s) for _, s in pairs)])
            self._runner.need([(by_label[label], s) for label, s in needed])
            for label, seed in pairs:
                race.values[label, seed] = self._measure.cost(self._kept[label, seed])
            self._note(race)
        helping = [c for c in race.comparisons() if c.verdict == "helps"]
        if helping and self._proven_after is None:
            self._proven_after = len(self._kept)
        return [by_label[c.arm] for c in sorted(helping, key=lambda c: c.effect)]

    def _worth(self, arm: Arm, base: Arm) -> bool:
        """Whether an arm gains enough beside a simpler one to be worth its lines."""
        seeds = [s for label, s in self._kept if label == arm.label]
        gained = self._sum(AS_IT_IS, seeds) - self._sum(base.label, seeds)
        more = self._sum(base.label, seeds) - self._sum(arm.label, seeds)
        return not more <= _GAIN * abs(gained)

    def _sum(self, label: str, seeds: Iterable[int]) -> float:
        return fsum(self._measure.cost(self._kept[label, s]) for s in seeds)

    def _note(self, race: Race) -> None:
        alive = [c for c in race.comparisons() if not c.dropped and c.seeds]
        if alive:
            best = min(alive, key=lambda c: c.effect)
            self._runner.best = f"{best.arm} {self._measure.shown(best.effect):+.3g}"

    def _patch(self, winner: Arm, survey: Survey) -> Patch | None:
        path = self._plan.script
        if self._plan.is_module:
            path = os.path.relpath(survey.script)
            if not path.endswith(".py") or not os.path.isfile(path):
                return None  # it has no source
        self._runner.stage = "running the patched script"
        if winner.candidate is not None:
            with open(path, encoding="utf-8", newline="") as file:
                original = file.read()
            changed = winner.candidate.source
            if changed == original:
                return None  # only the arguments differ
            patch = Patch(path, changed, unified_diff(original, changed, path))
        else:
            patch = make_patch(path, winner, survey)
        if self._plan.quick:
            return patch
        return check(patch, winner, self._plan, self._runner, self._measure)


def _count(arms: int) -> str:
    return f"{arms} remed{'y' if arms == 1 else 'ies'}"
