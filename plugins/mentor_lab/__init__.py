"""The laboratory: rewards and environments put to the test, without training.

rewards/        `mentor check-reward`: properties and attacks
environments/   `mentor check-env`: what every environment promises
students/       `mentor student build`: how embedded students are made
scoring         `mentor score`: saved trajectories scored again
comparison      `mentor compare-rewards`: what another reward would have done
imitation       `mentor imitation`: how a student's use of tools differs from its teacher's
report/         `mentor report` and `mentor watch`: what came of a run, for people to look at
paired          `mentor compare`: which of two systems is better, and how sure that is
verdict, search the shape of a finding, and how Hypothesis looks for one
testing         what tests of plugins need
"""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_commands() -> dict[str, str]:
    return {
        "compare": "mentor_lab.commands.compare:command",
        "compare-rewards": "mentor_lab.commands.compare_rewards:command",
        "ablate": "mentor_lab.commands.compare_rewards:old_command",
        "check-env": "mentor_lab.commands.check_env:command",
        "check-reward": "mentor_lab.commands.check_reward:command",
        "imitation": "mentor_lab.commands.imitation:command",
        "report": "mentor_lab.commands.report:command",
        "score": "mentor_lab.commands.score:command",
        "student": "mentor_lab.commands.student:command",
        "watch": "mentor_lab.commands.watch:command",
    }


@hookimpl
def mentor_reports() -> dict[str, str]:
    return {"html": "mentor_lab.report.html:HtmlReport"}
