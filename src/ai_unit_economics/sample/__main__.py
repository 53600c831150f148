"""Command line: `python -m ai_unit_economics.sample --out data/sample`."""

from datetime import date, datetime
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ai_unit_economics.sample.demand import Window
from ai_unit_economics.sample.writer import generate


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("data/sample"), show_default=True)
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), default="2026-07-01", show_default=True, help="First UTC day."
)
@click.option("--days", type=click.IntRange(1, 3660), default=92, show_default=True, help="How many days.")
@click.option(
    "--scale",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Traffic, against the sample's.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same rows.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def main(out: Path, start: datetime, days: int, scale: float, seed: int, quiet: bool) -> None:
    """Generate the sample: billing exports, telemetry and customers of a believable fleet."""
    window = Window(date(start.year, start.month, start.day), days, scale, seed)
    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, disable=quiet) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(phase, total=total)
            bar.update(tasks[phase], completed=done)

        try:
            generate(out, window, progress)
        except FileExistsError as error:
            raise click.ClickException(str(error)) from None
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    click.echo(f"{out}: {days} days from {window.start}, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
