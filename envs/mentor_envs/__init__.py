"""mentor's built-in tool domains and their students, by the door that third parties use."""

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


@hookimpl
def mentor_students() -> dict[str, str]:
    return {
        "bfcl": "mentor_core.student:bfcl",
        "calculator": "mentor_core.student:calculator",
        "files": "mentor_core.student:files",
        "reasoning_gym": "mentor_core.student:reasoning_gym",
        "retrieval": "mentor_core.student:retrieval",
        "sql": "mentor_core.student:sql",
        "webshop": "mentor_core.student:webshop",
    }
