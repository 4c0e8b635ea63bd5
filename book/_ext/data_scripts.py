"""Data of a figure as a script that its page loads.

Data in a script of their own keep the page small, and work from file:// too, where a page may not
fetch anything.
"""

import json
from pathlib import Path
from typing import Any

from sphinx.environment import BuildEnvironment


def script(variable: str, name: str, data: Any) -> str:
    """The script that leaves the data of a figure as `window.<variable>[name]`."""
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    return f"(window.{variable} ||= {{}})[{json.dumps(name)}] = {text};\n"


def write(env: BuildEnvironment, folder: str, name: str, text: str) -> str:
    """Write a figure's script into a folder of the site's static files; its path there."""
    path = f"{folder}/{name}.js"
    target = Path(env.app.outdir, "_static", path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf8")
    return path
