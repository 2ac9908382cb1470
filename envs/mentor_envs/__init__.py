"""mentor's built-in tool domains, registered by the door that third parties use."""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_environments() -> dict[str, str]:
    return {
        "bfcl": "mentor_envs.bfcl.env:Bfcl",
        "calculator": "mentor_envs.calculator.env:Calculator",
        "files": "mentor_envs.files.env:Files",
        "retrieval": "mentor_envs.retrieval.env:Retrieval",
        "sql": "mentor_envs.sql.env:Sql",
        "functions": "mentor_envs.functions.env:Functions",
        "mcp": "mentor_envs.mcp.env:Mcp",
        "webshop": "mentor_envs.webshop.env:WebShop",
        "reasoning_gym": "mentor_envs.reasoning_gym.env:ReasoningGym",
    }
