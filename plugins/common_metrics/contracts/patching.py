"""Patching: one more word in the text of a contract; all else stays as it is written.

A library that writes YAML anew joins wrapped lists and moves comments: the diff would
not be the change.
"""

import json
from collections.abc import Sequence
from typing import Any

import yaml


def patched(text: str, path: Sequence[str], value: Any) -> str:
    """Return the text of a YAML file with a value at a path of names.

    A list gets it as one more item, a single value is replaced, and what is not there
    yet comes behind the last line of the block that it belongs to.
    """
    node: Any = yaml.compose(text, yaml.SafeLoader)
    rest = [*path]
    while rest and isinstance(node, yaml.MappingNode):
        below = {key.value: of for key, of in node.value}
        if rest[0] not in below:
            break
        node = below[rest.pop(0)]
    for name in reversed(rest[1:]):
        value = {name: value}
    if rest and isinstance(node, yaml.MappingNode):
        return _added(text, node, _flow({rest[0]: value})[1:-1], "")
    if isinstance(node, yaml.SequenceNode):
        return _added(text, node, json.dumps(value, ensure_ascii=False), "- ")
    start, end = node.start_mark.index, node.end_mark.index
    return text[:start] + _flow([value])[1:-1] + text[end:]


def _added(text: str, node: Any, item: str, dash: str) -> str:
    """Return the text with one more item in a collection, as the others stand there."""
    if node.flow_style:
        at = node.end_mark.index - 1
        return text[:at].rstrip() + ", " * bool(node.value) + item + text[at:]
    lines = text.splitlines(keepends=True)
    line = " " * node.start_mark.column + dash + item + "\n"
    lines.insert(_last_line(node) + 1, line)
    return "".join(lines)


def _last_line(node: Any) -> int:
    """Return the line in which a collection ends, 0-based."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    # A text in a block of its own ends where the next line begins.
    return node.end_mark.line - (getattr(node, "style", None) in ("|", ">"))


def _flow(value: Any) -> str:
    dumped = yaml.safe_dump(
        value, default_flow_style=True, width=10**6, allow_unicode=True
    )
    return str(dumped).strip()
