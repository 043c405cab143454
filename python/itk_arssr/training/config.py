"""Training values from three layers: a recipe's defaults, a YAML file that overrides them, and command line options."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import itk
import yaml

from itk_arssr.common.errors import UserError, description

PATHS = ("data", "val", "labels", "out", "init")
JOB_KEYS = (*PATHS, "validation_split", "series")
RECORD = "record"  # what a run folder adds to its file: versions and images, which are not settings
_LISTS = ("data", "val", "labels", "series")
_FREE = ("out",)  # may differ when a run is resumed


@dataclass(frozen=True)
class Given:
    """A value as written, and where it was written."""

    texts: tuple[str, ...]
    origin: str

    @property
    def text(self) -> str:
        """One text; lists are joined as recipes write them: ``2,3,4``."""
        return ",".join(self.texts)


Values = dict[str, Given]


def read_config(file: Path) -> Values:
    """Values of a YAML file; paths in it are relative to its folder."""
    try:
        text = file.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not a text file") from None
    except yaml.YAMLError as error:
        raise UserError(f"{file} is not valid YAML: {' '.join(str(error).split())}") from None
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"{file} holds no list of values such as 'epochs: 100'")
    values: Values = {}
    for key, node in root.value:
        origin = f"{file}, line {key.start_mark.line + 1}"
        if key.value == RECORD:
            continue
        if key.value in values:
            raise UserError(f"{origin}: {key.value} is given twice")
        values[key.value] = Given(_texts(str(key.value), node, origin, file.parent), origin)
    return values


def _texts(name: str, node: yaml.Node, origin: str, folder: Path) -> tuple[str, ...]:
    """A scalar or a list of scalars; no type is guessed from a value's form, so that ``on`` and ``1e-4`` stay texts."""
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(item, yaml.ScalarNode) for item in items):
        raise UserError(f"{origin}: {name} is neither a value nor a list of values")
    texts = tuple(str(item.value) for item in items)
    if not all(texts):
        raise UserError(f"{origin}: {name} has no value")
    return tuple(str(folder / Path(text).expanduser()) for text in texts) if name in PATHS else texts


def parse_assignments(assignments: Collection[str]) -> Values:
    """The arguments of ``--set``: ``name=value``."""
    values: Values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not (equals and name.strip() and text.strip()):
            raise UserError(f"--set {assignment}: write --set name=value, such as --set samples=4000")
        values[name.strip()] = Given((text.strip(),), f"--set {assignment}")
    return values


def merged(lower: Values, upper: Values) -> Values:
    """Two layers of values, the upper one over the lower one."""
    result = lower | upper
    for one, other in (("val", "validation_split"), ("validation_split", "val")):
        if one in upper and other not in upper:  # they exclude each other
            result.pop(other, None)
    return result


def check_names(values: Values, recipe_names: Collection[str]) -> None:
    """Refuse unknown values, suggesting the nearest names, and lists where one value is expected."""
    known = (*JOB_KEYS, *recipe_names)
    for name, given in values.items():
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(nearest)}?" if nearest else "--list-values shows all"
            raise UserError(f"{given.origin}: there is no value '{name}'; {hint}")
        if name in JOB_KEYS and name not in _LISTS and len(given.texts) > 1:
            raise UserError(f"{given.origin}: {name} takes one value, not {len(given.texts)}")


def apply_recipe(trainer: itk.ProcessObject, values: Values) -> None:
    """Give a trainer the named recipe and the values that override it."""
    try:
        trainer.SetRecipe(values["recipe"].text if "recipe" in values else "default")
    except RuntimeError as error:
        raise UserError(f"{values['recipe'].origin}: {description(error)}") from None
    for name, given in values.items():
        if name not in (*JOB_KEYS, "recipe"):
            try:
                trainer.SetRecipeValue(name, given.text)
            except RuntimeError as error:
                raise UserError(f"{given.origin}: {description(error)}") from None


def check_agrees(trainer: itk.ProcessObject, recorded: Values, wanted: Values, run: Path) -> None:
    """Refuse to resume a run with values that differ from its own; ``trainer`` has the run's recipe."""
    differences = []
    for name, given in wanted.items():
        if name in _FREE:
            continue
        own = recorded.get(name)
        if name not in JOB_KEYS:
            own_text = trainer.GetRecipeValue(name)
            same = _normal(name, given, own_text) == own_text
        else:
            own_text = own.text if own else "not set"
            same = own is not None and _places(name, given) == _places(name, own)
        if not same:
            differences.append(f"{name} is {given.text} ({given.origin}), but {own_text} in {run}")
    if differences:
        raise UserError(f"a run is resumed with its own values: {'; '.join(differences)}. Leave these out")


def _normal(name: str, given: Given, fallback: str) -> str:
    """A recipe's value in its normal form."""
    scratch = itk.ArbitraryScaleSuperResolutionTrainingFilter[itk.Image[itk.F, 3]].New()
    apply_recipe(scratch, {name: given})
    return str(scratch.GetRecipeValue(name)) or fallback


def _places(name: str, given: Given) -> list[str]:
    if name == "series":
        return list(given.texts)
    return [str(Path(text).expanduser().resolve()) if name in PATHS else str(float(text)) for text in given.texts]


def paths(values: Mapping[str, Given], name: str) -> list[Path]:
    """The paths given under a name."""
    return [Path(text) for text in values[name].texts] if name in values else []
