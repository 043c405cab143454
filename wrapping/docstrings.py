"""Turns the documentation in a public header into docstrings of its wrapped class, for SWIG.

    python docstrings.py HEADER CLASS OUTPUT WRAPPED_NAME…

Writes `%feature("docstring")` directives for the class and for each method that has a `/** … */` comment, under every
name that the class is wrapped as. Doxygen commands become plain text.
"""

import re
import sys
from pathlib import Path

COMMENT = r"/\*\*(?P<text>(?:(?!\*/).)*)\*/\s*"
MACRO = r"(?P<macro>itk\w*(?:Set|Get|Boolean)\w*Macro)\((?P<member>\w+)"
DECLARATION = r"(?:virtual\s+|static\s+|const\s+)*[\w:<>]+(?:\s*[&*])?\s+(?P<method>\w+)\("
DOCUMENTED = re.compile(COMMENT + f"(?:{MACRO}|{DECLARATION})", re.DOTALL)
CLASS = re.compile(
    COMMENT.replace("text", "doc") + r"(?:template <[^>]*>\s*)?class (?:\w+ )?(?P<name>\w+)\s", re.DOTALL
)


def plain(comment: str) -> str:
    """Text of a doxygen comment without its stars and commands."""
    text = "\n".join(re.sub(r"^\s*\*? ?", "", line) for line in comment.strip().splitlines())
    text = re.sub(r"\\class \w+\n", "", text)
    text = re.sub(r"^\\(ingroup|sa|warning)\b.*\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\par (.*)", r"\1:", text)
    text = text.replace("\\throws ", "Raises ").replace("\\return ", "Returns ").replace("\\f$", "$")
    text = re.sub(r"\\(brief|param) ", "", text)
    return text.replace("ExceptionObject", "RuntimeError").strip()


def methods_of(member: str, macro: str) -> list[str]:
    """Methods that one of ITK's accessor macros declares."""
    if "Boolean" in macro:
        return [f"{member}On", f"{member}Off"]
    if "SetGet" in macro:
        return [f"Set{member}", f"Get{member}"]
    return [("Set" if "Set" in macro else "Get") + member]


def directives(header: str, class_name: str) -> dict[str, str]:
    """Docstrings of the class (key "") and of its methods."""
    found: dict[str, str] = {}
    start = next(match for match in CLASS.finditer(header) if match["name"] == class_name)
    found[""] = plain(start["doc"])
    for match in DOCUMENTED.finditer(header[start.end() :].partition("\nprotected:")[0]):
        names = [match["method"]] if match["method"] else methods_of(match["member"], match["macro"])
        for name in names:
            text = plain(match["text"])
            found[name] = f"{found[name]}\n\n{text}" if name in found else text
    return found


def main(header: str, class_name: str, output: str, *wrapped_names: str) -> None:
    """Write the directives of a header."""
    lines = []
    for wrapped in wrapped_names:
        for method, text in directives(Path(header).read_text(encoding="utf-8"), class_name).items():
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'%feature("docstring") {wrapped}{"::" if method else ""}{method} "{quoted}";')
    Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
