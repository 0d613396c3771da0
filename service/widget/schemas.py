"""The widget on the wire."""

from typing import Annotated

from pydantic import ConfigDict, Field

from service.kit.text import Wire


class ScriptOut(Wire):
    """The script of this version of Pouls, as a page of another host names it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "src": "https://pouls.example/widget/pouls.js?version=0123456789abcdef",
                    "integrity": "sha384-" + "A" * 64,
                    "version": "0123456789abcdef",
                }
            ]
        }
    )

    src: Annotated[str, Field(description="never another content: browsers may keep it for a year")]
    integrity: Annotated[str, Field(description="for the attribute of this name, with `crossorigin`")]
    version: str
