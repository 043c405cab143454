"""What the commands of ``arssr`` share: help, options, and how mistakes, Ctrl-C and a closed pipe end a command."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec, TypeVar

import typer
from rich.markup import escape

from itk_arssr.common.errors import EXIT_FAILURE, EXIT_INTERRUPTED, Interrupted, OutputClosed, UserError, description
from itk_arssr.common.signals import raise_interrupted
from itk_arssr.common.streams import EXIT_OUTPUT_CLOSED, StreamConsole

_P = ParamSpec("_P")
_T = TypeVar("_T")
out = StreamConsole()
err = StreamConsole(stderr=True)


def examples(*lines: str) -> str:
    """Epilog of a command's help; empty lines keep the lines apart."""
    return "\n\n".join(("[bold]Examples[/]", *(f"[cyan]{escape(line)}[/]" for line in lines)))


def checked(parse: Callable[[str], _T]) -> Callable[[str], _T]:
    """Parser for typer, which makes a ``ValueError`` a usage error."""

    def parsed(value: str) -> _T:
        try:
            return parse(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parsed


def option(parse: Callable[[str], _T], metavar: str, text: str, *names: str) -> typer.models.OptionInfo:
    """Option whose text is parsed, and refused, by a function."""
    return typer.Option(*names, parser=checked(parse), metavar=metavar, help=text)


def reports_mistakes(command: Callable[_P, None]) -> Callable[_P, None]:
    """Show the user's mistakes in one line instead of a traceback, and tidy up before the program ends."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            with raise_interrupted():
                command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except (UserError, RuntimeError, OSError, MemoryError) as error:  # all of ITK's are RuntimeErrors
            _say(f"[bold red]Error:[/] {escape(description(error))}")
            raise typer.Exit(EXIT_FAILURE) from None
        except (Interrupted, KeyboardInterrupt):
            _say("[yellow]Interrupted; no incomplete file is left behind.[/]")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except OutputClosed:
            raise typer.Exit(EXIT_OUTPUT_CLOSED) from None

    return wrapped


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        err.print(text, highlight=False, soft_wrap=True)


def tell_note(text: str) -> None:
    """Print something that the user should know, on a line of its own."""
    out.print(f"[yellow]note:[/] {escape(text)}", highlight=False, soft_wrap=True)


def heading(text: str) -> None:
    """Print a line above a table."""
    out.print(escape(text), style="bold", highlight=False)
