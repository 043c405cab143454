"""The values of a training recipe, shown with what they mean."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from itk_arssr.training.config import apply_recipe, check_names, merged, read_config
from itk_arssr.training.job import Request, new_trainer


def show_values(request: Request, console: Console) -> None:
    """Print every value that results from the recipe, the configuration file and the options."""
    trainer = new_trainer()
    values = merged(read_config(request.config) if request.config else {}, request.given)
    check_names(values, trainer.GetRecipeNames())
    apply_recipe(trainer, values)
    table = Table("value", "is", "meaning")
    for name in trainer.GetRecipeNames():
        own, meaning = trainer.GetRecipeValue(name), trainer.GetRecipeDescription(name)
        table.add_row(escape(name), f"[cyan]{escape(own)}[/]", escape(meaning))
    console.print(table)
