"""Converts a published-style weight file to the module's own format, with metadata.

python scripts/convert_model.py weights.pkl models/arssr-default.safetensors key=value …
"""

import sys

import itk


def main(source, target, *entries):
    model = itk.ArSSRModel.New()
    model.ReadFile(source)
    dictionary = model.GetMetaDataDictionary()
    for entry in entries:
        key, _, value = entry.partition("=")
        dictionary[key] = value
    model.SetMetaDataDictionary(dictionary)
    model.WriteFile(target)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
