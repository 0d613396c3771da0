"""YAML read strictly: a key that comes twice is refused, where the plain loader keeps the last in silence."""

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, "a key comes twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(text: str) -> Any:
    """What a text holds. Raises yaml.YAMLError, also of repeated keys, and of what is nested too deeply."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


def where(error: yaml.YAMLError) -> str:
    """The line and the reason, as far as they are known; no value."""
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error) or "it can not be read"
    return f"line {mark.line + 1}: {reason}" if mark is not None else str(reason)
