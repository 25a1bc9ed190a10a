"""`trainwell show`: the diagnosis of an earlier run."""

from __future__ import annotations

__all__ = ["show"]

from typing import Annotated

from trainwell.cli.declarations import Argument
from trainwell.cli.options import (
    FailOnOption,
    FormatOption,
    IgnoreOption,
    IsolatedOption,
    JsonOption,
    OutputOption,
    SelectOption,
    VerboseOption,
    choose_findings,
    choose_format,
    fails,
)
from trainwell.cli.output import Output
from trainwell.configuration.options import FailOn
from trainwell.configuration.settings import settings_for
from trainwell.errors import RecordError
from trainwell.record.gathering import gather, leader
from trainwell.record.store import RECORD, Store


def show(
    run: Annotated[
        str | None,
        Argument(help="The run's id, or how it begins. The last run when left out."),
    ] = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    fail_on: FailOnOption = None,
    report_format: FormatOption = None,
    json: JsonOption = False,
    output: OutputOption = None,
    verbose: VerboseOption = False,
    isolated: IsolatedOption = False,
) -> int:
    """Print a run's diagnosis again.

    What the pyproject.toml nearest to its script says holds here too, as it is now.
    """
    from trainwell.diagnosis import diagnose

    # What contradicts itself is told before anything is read.
    choose_format(report_format, json, output, None)
    store = Store(RECORD, create=False)
    name = run or store.latest()
    if name is None:
        raise RecordError(f"the record `{RECORD}` holds no runs yet")
    loaded = gather(store, store.load(name))
    store.close()
    if run is None:
        loaded = leader(loaded)
    settings = settings_for(loaded.script, isolated=isolated)
    target = Output(
        format=choose_format(report_format, json, output, settings.format),
        file=output,
        verbose=verbose,
    )
    diagnosis = diagnose(loaded, choose_findings(settings, select, ignore))
    target.show(diagnosis)
    return 1 if fails(diagnosis, fail_on or settings.fail_on or FailOn.NEVER) else 0
