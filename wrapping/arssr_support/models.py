"""Copies of models, and models in pickles: as the bytes of the module's own file format."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import itk

_FILE = "model.safetensors"


def prepare_model(model_class: type) -> None:
    """Make models work with ``copy`` and ``pickle``, and so as arguments of other processes."""
    model_class.__reduce__ = _reduced
    model_class.__copy__ = _copied
    model_class.__deepcopy__ = _copied


def restored_model(contents: bytes | None, metadata: dict[str, str]) -> itk.ArSSRModel:
    """Model of the bytes of a file, read as any file is: nothing in them is executed. None for an empty model."""
    model = itk.ArSSRModel.New()
    if contents is not None:
        with tempfile.TemporaryDirectory(prefix="arssr-") as folder:
            path = Path(folder) / _FILE
            path.write_bytes(contents)
            model.ReadFile(str(path))
    dictionary = itk.MetaDataDictionary()
    for key, value in metadata.items():
        dictionary[key] = value
    model.SetMetaDataDictionary(dictionary)
    return model


def _reduced(model: itk.ArSSRModel) -> tuple:
    dictionary = model.GetMetaDataDictionary()
    metadata = {key: dictionary[key] for key in dictionary.GetKeys()}
    return restored_model, (_contents(model), metadata)


def _contents(model: itk.ArSSRModel) -> bytes | None:
    if model.IsEmpty():
        return None
    with tempfile.TemporaryDirectory(prefix="arssr-") as folder:
        path = Path(folder) / _FILE
        model.WriteFile(str(path))
        return path.read_bytes()


def _copied(model: itk.ArSSRModel, memo: dict[int, Any] | None = None) -> itk.ArSSRModel:
    """A model that can be changed apart from the other one; weights are shared, as nothing changes them in place."""
    copy = itk.ArSSRModel.New()
    copy.Graft(model)
    return copy
