"""mentor's built-in plugins, registered by the door that third parties use."""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_reward_terms() -> dict[str, str]:
    return {
        "answered": "mentor_plugins.rewards.answered:Answered",
        "arguments": "mentor_plugins.rewards.arguments:Arguments",
        "efficiency": "mentor_plugins.rewards.efficiency:Efficiency",
        "ended": "mentor_plugins.rewards.ended:Ended",
        "format": "mentor_plugins.rewards.format:Format",
        "instrumented_progress": (
            "mentor_plugins.rewards.instrumented_progress:InstrumentedProgress"
        ),
        "judge": "mentor_plugins.rewards.judge:Judge",
        "length": "mentor_plugins.rewards.length:Length",
        "outcome": "mentor_plugins.rewards.outcome:Outcome",
        "progress": "mentor_plugins.rewards.progress:Progress",
        "similarity": "mentor_plugins.rewards.similarity:Similarity",
        "teacher": "mentor_plugins.rewards.teacher:Teacher",
        "tool_selection": "mentor_plugins.rewards.tool_selection:ToolSelection",
        "toolrl": "mentor_plugins.rewards.toolrl:ToolRL",
        "valid_tools": "mentor_plugins.rewards.valid_tools:ValidTools",
    }


@hookimpl
def mentor_composers() -> dict[str, str]:
    return {
        "annealed": "mentor_plugins.composers.annealed:Annealed",
        "constrained": "mentor_plugins.composers.constrained:Constrained",
        "normalised": "mentor_plugins.composers.normalised:Normalised",
        "outcome_gated": "mentor_plugins.composers.outcome_gated:OutcomeGated",
        "risk_adjusted": "mentor_plugins.composers.risk_adjusted:RiskAdjusted",
        "rules": "mentor_plugins.composers.rules:Rules",
        "spo_winrate": "mentor_plugins.composers.spo_winrate:SpoWinrate",
        "weighted_sum": "mentor_plugins.composers.weighted_sum:WeightedSum",
    }


@hookimpl
def mentor_credits() -> dict[str, str]:
    return {
        "call_graph": "mentor_plugins.credit.call_graph:CallGraph",
        "direct_advantage": "mentor_plugins.credit.direct_advantage:DirectAdvantage",
        "duration_aware": "mentor_plugins.credit.duration_aware:DurationAware",
        "group": "mentor_plugins.credit.group:GroupAdvantage",
        "hier_critic": "mentor_plugins.credit.hier_critic:HierCritic",
        "multi_call_replay": "mentor_plugins.credit.multi_call_replay:MultiCallReplay",
        "multi_critic": "mentor_plugins.credit.multi_critic:MultiCritic",
        "stabilised": "mentor_plugins.credit.stabilised:Stabilised",
        "turn": "mentor_plugins.credit.turn:TurnAdvantage",
        "turn_critic": "mentor_plugins.credit.turn_critic:TurnCritic",
    }


@hookimpl
def mentor_critics() -> dict[str, str]:
    return {
        "aux_heads": "mentor_plugins.critics.aux_heads:AuxHeads",
        "gaussian_turn": "mentor_plugins.critics.gaussian_turn:GaussianTurn",
        "gbt_turn_value": "mentor_plugins.critics.gbt_turn_value:GbtTurnValue",
        "linear": "mentor_plugins.critics.linear:Linear",
        "linear_terms": "mentor_plugins.critics.linear:LinearTerms",
        "offline_warmstart": "mentor_plugins.critics.offline_warmstart:OfflineWarmstart",
        "privileged": "mentor_plugins.critics.privileged:Privileged",
        "td": "mentor_plugins.critics.td:Td",
    }


@hookimpl
def mentor_policies() -> dict[str, str]:
    return {
        "generate": "mentor_plugins.policies.generate:GeneratePolicy",
        "openai": "mentor_plugins.policies.openai:OpenaiPolicy",
        "scripted": "mentor_plugins.policies.scripted:ScriptedPolicy",
        "transformers": "mentor_plugins.policies.transformers:TransformersPolicy",
        "vllm": "mentor_plugins.policies.vllm:VllmPolicy",
    }


@hookimpl
def mentor_parsers() -> dict[str, str]:
    return {
        "auto": "mentor_plugins.models.formats:AutoParser",
        "gemma": "mentor_plugins.parsers.gemma:GemmaParser",
        "glm": "mentor_plugins.parsers.tagged:GlmParser",
        "harmony": "mentor_plugins.parsers.harmony:HarmonyParser",
        "hermes": "mentor_core.contracts.parsing:HermesParser",
        "lfm2": "mentor_plugins.parsers.lfm2:Lfm2Parser",
        "llama3": "mentor_plugins.parsers.llama3:Llama3Parser",
        "mistral": "mentor_plugins.parsers.mistral:MistralParser",
        "qwen_coder": "mentor_plugins.parsers.tagged:QwenCoderParser",
        "response_template": "mentor_plugins.parsers.response_template:ResponseTemplateParser",
    }


@hookimpl
def mentor_gates() -> dict[str, str]:
    return {
        "judged": "mentor_plugins.gates.judged:Judged",
        "repeated": "mentor_plugins.gates.repeated:Repeated",
    }


@hookimpl
def mentor_judges() -> dict[str, str]:
    return {"grounded": "mentor_plugins.judges.grounded:Grounded"}


@hookimpl
def mentor_samplers() -> dict[str, str]:
    return {
        "optimistic": "mentor_plugins.samplers.optimistic:Optimistic",
        "prioritised": "mentor_plugins.samplers.prioritised:Prioritised",
        "uniform": "mentor_plugins.samplers.uniform:Uniform",
    }


@hookimpl
def mentor_plans() -> dict[str, str]:
    return {
        "fresh": "mentor_plugins.plans.fresh:Fresh",
        "branch": "mentor_plugins.plans.branch:Branch",
        "guided": "mentor_plugins.plans.guided:Guided",
        "prefix_start": "mentor_plugins.plans.prefix_start:PrefixStart",
    }


@hookimpl
def mentor_lessons() -> dict[str, str]:
    return {
        "failed": "mentor_plugins.lessons.failed:Failed",
        "splice": "mentor_plugins.lessons.splice:Splice",
        "trek": "mentor_plugins.lessons.trek:Trek",
    }


@hookimpl
def mentor_objectives() -> dict[str, str]:
    return {
        "dapo": "mentor_plugins.objectives.dapo:Dapo",
        "direct_advantage": "mentor_plugins.objectives.direct_advantage:DirectAdvantage",
        "distill": "mentor_plugins.objectives.distill:Distill",
        "entropy_dual": "mentor_plugins.objectives.entropy_dual:EntropyDual",
        "mdpo": "mentor_plugins.objectives.mdpo:Mdpo",
        "privileged_distill": "mentor_plugins.objectives.privileged_distill:PrivilegedDistill",
        "self_distill": "mentor_plugins.objectives.self_distill:SelfDistill",
        "trl": "mentor_plugins.objectives.trl:Trl",
    }


@hookimpl
def mentor_sources() -> dict[str, str]:
    return {
        "expert": "mentor_plugins.sources.expert:ExpertSource",
        "saved": "mentor_plugins.sources.saved:SavedSource",
        "store": "mentor_plugins.sources.store:StoreSource",
    }


@hookimpl
def mentor_teachers() -> dict[str, str]:
    return {
        "expert": "mentor_plugins.teachers.expert:ExpertTeacher",
        "hf": "mentor_plugins.teachers.local:LocalTeacher",
        "openai": "mentor_plugins.teachers.openai:OpenaiTeacher",
        "person": "mentor_plugins.teachers.person:PersonTeacher",
        "saved": "mentor_plugins.teachers.saved:SavedTeacher",
    }


@hookimpl
def mentor_record_formats() -> dict[str, str]:
    return {
        "anthropic": "mentor_plugins.record_formats.anthropic:Anthropic",
        "bfcl": "mentor_plugins.record_formats.bfcl:Bfcl",
        "gsm8k": "mentor_plugins.record_formats.gsm8k:Gsm8k",
        "hub_trace": "mentor_plugins.record_formats.hub_trace:HubTrace",
        "inspect": "mentor_plugins.record_formats.inspect_log:Inspect",
        "mentor": "mentor_plugins.record_formats.mentor:Mentor",
        "openai": "mentor_plugins.record_formats.openai:Openai",
        "responses": "mentor_plugins.record_formats.responses:Responses",
        "sharegpt": "mentor_plugins.record_formats.sharegpt:ShareGpt",
        "tau": "mentor_plugins.record_formats.tau:Tau",
        "toolrl": "mentor_plugins.record_formats.toolrl:ToolRL",
        "trl": "mentor_plugins.record_formats.trl:Trl",
    }


@hookimpl
def mentor_trackers() -> dict[str, str]:
    return {
        "csv": "mentor_plugins.trackers.csv_files:CsvTracker",
        "jsonl": "mentor_plugins.trackers.jsonl:JsonlTracker",
        "mlflow": "mentor_plugins.trackers.mlflow:MlflowTracker",
        "opentelemetry": "mentor_plugins.trackers.opentelemetry:OpentelemetryTracker",
        "tensorboard": "mentor_plugins.trackers.tensorboard:TensorboardTracker",
        "trackio": "mentor_plugins.trackers.trackio:TrackioTracker",
        "wandb": "mentor_plugins.trackers.wandb:WandbTracker",
    }


@hookimpl
def mentor_trainers() -> dict[str, str]:
    return {
        "expert_iteration": "mentor_plugins.trainers.expert_iteration.plugin:ExpertIteration",
        "grpo": "mentor_plugins.trainers.grpo.plugin:Grpo",
        "sft": "mentor_plugins.trainers.sft.plugin:Sft",
    }


@hookimpl
def mentor_recipes() -> dict[str, str]:
    return {
        "aux_heads": "mentor_plugins.recipes:aux_heads.toml",
        "call_graph": "mentor_plugins.recipes:call_graph.toml",
        "direct_advantage": "mentor_plugins.recipes:direct_advantage.toml",
        "duration_aware": "mentor_plugins.recipes:duration_aware.toml",
        "entropy_dual": "mentor_plugins.recipes:entropy_dual.toml",
        "first_error": "mentor_plugins.recipes:first_error.toml",
        "gaussian_turn": "mentor_plugins.recipes:gaussian_turn.toml",
        "gbt_turn_value": "mentor_plugins.recipes:gbt_turn_value.toml",
        "guided": "mentor_plugins.recipes:guided.toml",
        "hard": "mentor_plugins.recipes:hard.toml",
        "hier_critic": "mentor_plugins.recipes:hier_critic.toml",
        "hybrid_replay": "mentor_plugins.recipes:hybrid_replay.toml",
        "imitate_then_reinforce": "mentor_plugins.recipes:imitate_then_reinforce.toml",
        "instrumented_progress": "mentor_plugins.recipes:instrumented_progress.toml",
        "lite_ppo": "mentor_plugins.recipes:lite_ppo.toml",
        "mdpo": "mentor_plugins.recipes:mdpo.toml",
        "multi_call_replay": "mentor_plugins.recipes:multi_call_replay.toml",
        "multi_critic": "mentor_plugins.recipes:multi_critic.toml",
        "offline_warmstart": "mentor_plugins.recipes:offline_warmstart.toml",
        "prefix_start": "mentor_plugins.recipes:prefix_start.toml",
        "privileged": "mentor_plugins.recipes:privileged.toml",
        "privileged_distill": "mentor_plugins.recipes:privileged_distill.toml",
        "revision_splice": "mentor_plugins.recipes:revision_splice.toml",
        "risk_adjusted": "mentor_plugins.recipes:risk_adjusted.toml",
        "self_distill": "mentor_plugins.recipes:self_distill.toml",
        "spo_winrate": "mentor_plugins.recipes:spo_winrate.toml",
        "stabilised": "mentor_plugins.recipes:stabilised.toml",
        "star": "mentor_plugins.recipes:star.toml",
        "step_distill": "mentor_plugins.recipes:step_distill.toml",
        "tool_step_branch": "mentor_plugins.recipes:tool_step_branch.toml",
        "trek": "mentor_plugins.recipes:trek.toml",
        "turn_critic": "mentor_plugins.recipes:turn_critic.toml",
    }


@hookimpl
def mentor_presets() -> dict[str, str]:
    return {
        "mentor": "mentor_plugins.presets:mentor.toml",
        "mentor-any-overlap": "mentor_plugins.presets:mentor-any-overlap.toml",
        "mentor-f1": "mentor_plugins.presets:mentor-f1.toml",
        "mentor-no-match": "mentor_plugins.presets:mentor-no-match.toml",
        "mentor-paper": "mentor_plugins.presets:mentor-paper.toml",
        "sparse": "mentor_plugins.presets:sparse.toml",
        "strict": "mentor_plugins.presets:strict.toml",
        "toolrl": "mentor_plugins.presets:toolrl.toml",
    }


@hookimpl
def mentor_commands() -> dict[str, str]:
    return {
        "doctor": "mentor_plugins.commands.doctor:command",
        "envs": "mentor_plugins.commands.listing:envs",
        "eval": "mentor_plugins.commands.evaluate:command",
        "export": "mentor_plugins.commands.export:command",
        "methods": "mentor_plugins.commands.methods:command",
        "plugins": "mentor_plugins.commands.listing:plugins",
        "recipes": "mentor_plugins.commands.listing:recipes",
        "rewards": "mentor_plugins.commands.listing:rewards",
        "run": "mentor_plugins.commands.run:command",
        "runs": "mentor_plugins.commands.runs:command",
        "serve": "mentor_plugins.commands.serve:command",
        "sft": "mentor_plugins.commands.sft:command",
        "show": "mentor_plugins.commands.show:command",
        "tasks": "mentor_plugins.commands.tasks:command",
        "teach": "mentor_plugins.commands.teach:command",
        "teacher": "mentor_plugins.commands.teacher:group",
    }
