"""The laboratory: rewards and environments put to the test, without training.

Its parts:

    rewards/         `mentor check-reward`: properties and attacks
    environments/    `mentor check-env`: promises of every environment
    students/        `mentor student build`: makes embedded students
    scoring          `mentor score`: scores saved trajectories again
    comparison       `mentor compare-rewards`: compares the effects of two rewards
    report/          `mentor report` and `mentor watch`: a run's page and curves
    imitation        `mentor imitation`: compares a student's use of tools with the teacher's
    study/           `mentor study`: methods × seeds × environments, and one report
    methods/         promises of composers, credits, objectives and teachers
    new/             `mentor new`: packages for plugins of your own
    commands/        `mentor compare` and others: the commands of all parts
    verdict, search  a finding, and Hypothesis' search for findings
    testing          for tests of plugins
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
        "new": "mentor_lab.commands.new:command",
        "report": "mentor_lab.commands.report:command",
        "score": "mentor_lab.commands.score:command",
        "student": "mentor_lab.commands.student:command",
        "study": "mentor_lab.commands.study:command",
        "watch": "mentor_lab.commands.watch:command",
    }


@hookimpl
def mentor_reports() -> dict[str, str]:
    return {"html": "mentor_lab.report.html:HtmlReport"}
