"""Figures of a teacher store: attempts and costs of each teacher, and tasks without attempts."""

from __future__ import annotations

import json
from typing import Any

from mentor_plugins.teacher_store.database import Database

__all__ = ["coverage", "teachers"]


def teachers(database: Database) -> list[dict[str, Any]]:
    """One row a teacher and environment: attempts by verdict, calls, requests, tokens and cost.

    Requests and costs of a teacher are sums over all environments. A cost is None if no price was
    known.
    """
    attempts = database.rows(
        "SELECT t.id, t.name, t.identity, a.env, COUNT(DISTINCT a.task_id), "
        "SUM(a.verdict = 'verified'), SUM(a.verdict = 'trusted'), SUM(a.verdict = 'refused'), "
        "AVG(a.calls) FROM teachers t LEFT JOIN attempts a ON a.teacher = t.id "
        "GROUP BY t.id, a.env ORDER BY t.name, a.env"
    )
    ledger = {
        teacher: figures
        for teacher, *figures in database.rows(
            "SELECT teacher, SUM(state = 'answered'), SUM(state != 'answered'), "
            "SUM(prompt_tokens), SUM(completion_tokens), SUM(cost) FROM requests GROUP BY teacher"
        )
    }
    rows = []
    for key, name, identity, env, tasks, *verdicts, calls in attempts:
        verified, trusted, refused = (count or 0 for count in verdicts)
        answered, unanswered, prompt, completion, cost = ledger.get(key, (0, 0, 0, 0, None))
        made = verified + trusted + refused
        rows.append(
            {
                "teacher": name,
                "model": json.loads(identity).get("model"),
                "environment": env,
                "tasks": tasks,
                "verified": verified,
                "trusted": trusted,
                "refused": refused,
                "success": verified / made if made else None,
                "mean_calls": calls,
                "requests": answered,
                "unanswered": unanswered,
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "cost": cost,
                "cost_per_verified": cost / verified if cost is not None and verified else None,
            }
        )
    return rows


def coverage(database: Database) -> list[dict[str, Any]]:
    """One row an environment and split: tasks with none, one or several attempts that count."""
    rows = database.rows(
        "SELECT env, split, SUM(n = 0), SUM(n = 1), SUM(n > 1), SUM(made) FROM ("
        "SELECT env, split, SUM(verdict != 'refused') AS n, COUNT(*) AS made FROM attempts "
        "GROUP BY env, split, task_id) GROUP BY env, split ORDER BY env, split"
    )
    names = ("environment", "split", "none", "one", "several", "attempts")
    return [dict(zip(names, row, strict=True)) for row in rows]
