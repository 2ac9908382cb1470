"""HTML files that open without a network: template, style, scripts, plotly.js and data in one.

plotly.js and the data are packed with gzip, as their text is three times as long; the browser
unpacks them.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from mentor_core import __version__

__all__ = ["packed", "render"]


def render(template: str, scripts: Sequence[str], data: str, **values: Any) -> str:
    """A page.

    Args:
        template: file of this package.
        scripts: JavaScript files of this package, in their order.
        data: packed data, with the list `figures`.
        **values: for the template.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        version=__version__,
        written=f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        css=_text("page.css"),
        javascript="\n".join(map(_text, scripts)),
        plotly=_plotly(),
        data=data,
        **values,
    )


def packed(value: Any) -> str:
    """A JSON value as gzip in base64."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)).decode()


def _text(name: str) -> str:
    return files("mentor_lab.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    """plotly.js, packed: 2 MB in place of 5."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()
