"""Makes an embedded student: `mentor student build NAME`.

Demonstrations of a weak player → a byte-level BPE tokenizer → a small Qwen3 decoder trained on them
for one pass. `recipe.toml`, in the directory that a plugin registers as the student NAME, describes
the demonstrations. They are played in the environment NAME.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal

import click
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    DynamicCache,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from mentor_core.contracts.component import option_error
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Split
from mentor_core.contracts.trajectory import Message
from mentor_core.door.registry import ENVIRONMENTS, load
from mentor_core.support.errors import ConfigError
from mentor_lab.students.copying import write_copying
from mentor_lab.students.demonstrations import WeakPlayer, demonstrate
from mentor_runs.settings.tables import read_toml

__all__ = [
    "Part",
    "Recipe",
    "build_model",
    "build_student",
    "build_tokenizer",
    "demonstrations",
]

_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_MARKUP = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
_HERE = Path(__file__).parent

Demonstration = tuple[list[Message], list[dict[str, Any]]]
"""A conversation and the schemas of its tools."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Settings):
    """Demonstrations of one kind.

    Attributes:
        count: number of demonstrations; tasks are repeated if there are fewer.
        split: the tasks played.
        options: the environment's options.
        player: settings that differ from a `WeakPlayer`'s defaults.
    """

    count: int
    split: Split = "train"
    options: dict[str, Any] = {}
    player: dict[str, Any] = {}


class Recipe(_Settings):
    """The recipe of a student.

    Attributes:
        environment: environment of the demonstrations; if empty, the environment with the student's
            name.
        parts: the demonstrations.
        vocabulary: number of tokens.
        batch: conversations in a step.
        rate: peak learning rate.
        optimizer: adamw, or muon on the layers' matrices and AdamW on the rest.
        seed: seed of all random choices.
        copying: true to start from layers that copy (`copying.py`), not from random layers.
        listen: true to learn also the messages of the user and the tools.
    """

    environment: str = ""
    parts: list[Part]
    vocabulary: int = 1024
    batch: int = 32
    rate: float = 3e-3
    optimizer: Literal["adamw", "muon"] = "muon"
    seed: int = 20_251
    copying: bool = False
    listen: bool = False


def demonstrations(env_name: str, parts: Sequence[Part], seed: int) -> list[Demonstration]:
    """Conversations of weak players, in shuffled order; never of a task that a run evaluates."""
    environment = load(ENVIRONMENTS, env_name)
    usual = environment()
    evaluated = {task.prompt for split in ("eval", "ood") for task in usual.tasks(split)}
    usual.close()
    draw = random.Random(seed)
    found: list[Demonstration] = []
    for part in parts:
        player = WeakPlayer(**part.player)
        env: ToolEnv = environment(**part.options)
        tasks = [task for task in env.tasks(part.split) if task.prompt not in evaluated]
        for task in islice(cycle(tasks), part.count):
            conversation = demonstrate(env, task, player, draw)
            if conversation is not None:
                found.append((conversation, env.schemas))
        env.close()
    draw.shuffle(found)
    return found


def build_tokenizer(texts: Sequence[str], vocabulary: int, template: str) -> Any:
    """A byte-level BPE tokenizer in which every digit is a token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    added = [AddedToken(t, special=True, normalized=False) for t in _SPECIAL]
    added += [AddedToken(t, special=False, normalized=False) for t in _MARKUP]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=added[: len(_SPECIAL)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens(added[len(_SPECIAL) :])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=template,
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )


def build_model(vocabulary: int, copying: bool) -> Any:
    """An untrained decoder of about 3 million parameters; `copying`: as in `Recipe`."""
    config = Qwen3Config(
        vocab_size=(vocabulary + 63) // 64 * 64,
        hidden_size=256,
        intermediate_size=640,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64 if copying else 32,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6 if copying else 1e4},
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        eos_token_id=2,
        pad_token_id=0,
        bos_token_id=None,
        dtype="float32",
    )
    model = Qwen3ForCausalLM(config)
    if copying:
        write_copying(model)
    return model


def _encode(
    tokenizer: Any, demonstration: Demonstration, listen: bool
) -> tuple[list[int], list[int]]:
    """Ids and labels; labels are −100 outside of the assistant's turns, or of all messages."""
    conversation, schemas = demonstration
    ids: list[int] = tokenizer.apply_chat_template(conversation, tools=schemas, return_dict=False)
    if listen:
        system = tokenizer.apply_chat_template(conversation[:1], tools=schemas, return_dict=False)
        return ids, [-100] * len(system) + ids[len(system) :]
    begin: list[int] = tokenizer.encode("<|im_start|>assistant\n", add_special_tokens=False)
    labels = [-100] * len(ids)
    speaking = False
    for i, token in enumerate(ids):
        if speaking:
            labels[i] = token
        if token == tokenizer.eos_token_id:
            speaking = False
        elif ids[max(0, i + 1 - len(begin)) : i + 1] == begin:
            speaking = True
    return ids, labels


def _batches(
    encoded: list[tuple[list[int], list[int]]], size: int, draw: random.Random
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of similar length, in random order; labels are −100 on padding."""
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i][0]) + draw.random() * 60)
    chunks = [order[i : i + size] for i in range(0, len(order), size)]
    draw.shuffle(chunks)
    for chunk in chunks:
        width = (max(len(encoded[i][0]) for i in chunk) + 31) // 32 * 32  # few shapes: less memory
        ids = torch.zeros(len(chunk), width, dtype=torch.long)
        labels = torch.full_like(ids, -100)
        for row, i in enumerate(chunk):
            tokens, spoken = encoded[i]
            ids[row, : len(tokens)] = torch.tensor(tokens)
            labels[row, : len(tokens)] = torch.tensor(spoken)
        yield ids, labels


def train(model: Any, batches: Sequence[tuple[torch.Tensor, torch.Tensor]], recipe: Recipe) -> None:
    """One pass with a warm-up and a cosine schedule."""
    optimizers = _optimizers(model, recipe)
    schedules = [
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            recipe.rate,
            total_steps=len(batches),
            pct_start=0.08,
            final_div_factor=20,
            cycle_momentum=len(optimizers) == 1,
        )
        for optimizer in optimizers
    ]
    model.train()
    began, running = time.monotonic(), 0.0
    for step, (ids, labels) in enumerate(batches, 1):
        loss = _loss(model, ids, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        running = loss.item() if step == 1 else 0.95 * running + 0.05 * loss.item()
        if step % 25 == 0 or step == len(batches):
            seconds = time.monotonic() - began
            click.echo(f"step {step}/{len(batches)}  loss {running:.3f}  {seconds:.0f} s")


def _optimizers(model: Any, recipe: Recipe) -> list[torch.optim.Optimizer]:
    weights = list(model.parameters())
    matrices = []
    if recipe.optimizer == "muon":
        matrices = [weight for weight in model.model.layers.parameters() if weight.ndim == 2]
        weights = [weight for weight in weights if all(weight is not other for other in matrices)]
    rate, decay = recipe.rate, 0.01
    found: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.98), weight_decay=decay)
    ]
    if matrices:
        found.append(
            torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
        )
    return found


def _loss(model: Any, ids: torch.Tensor, labels: torch.Tensor) -> Any:
    """Mean cross-entropy, a tensor; the common beginning of all rows is computed once.

    Padding is on the right, so that causal attention ignores it without a mask.
    """
    same = (ids == ids[:1]).all(0) & (labels == -100).all(0)
    shared = int(same.long().cumprod(0).sum()) - 1  # the last one predicts what comes next
    cache = None
    with torch.autocast("cpu", torch.bfloat16):
        if shared > 0:
            cache = DynamicCache(config=model.config)
            model(input_ids=ids[:1, :shared], past_key_values=cache, logits_to_keep=1)
            cache.batch_repeat_interleave(len(ids))
        shared = max(shared, 0)
        hidden = model.model(input_ids=ids[:, shared:], past_key_values=cache).last_hidden_state
        targets = labels[:, shared + 1 :]
        learnt = targets != -100
        logits = model.lm_head(hidden[:, :-1][learnt])
    return torch.nn.functional.cross_entropy(logits.float(), targets[learnt])


def build_student(name: str, recipe: Path, output: Path) -> None:
    """Make the student of an environment.

    Args:
        name: name of the student, and of the environment if the recipe names none.
        recipe: a TOML file, see `Recipe`.
        output: the directory for the model and its tokenizer.

    Raises:
        ConfigError: the recipe cannot be read, or one of its settings is wrong.
        MentorError: there is no such environment, or it refuses the recipe's options.
    """
    settings = _read_recipe(recipe)
    torch.manual_seed(settings.seed)
    environment = settings.environment or name
    shown = demonstrations(environment, settings.parts, settings.seed)
    if not shown:
        raise ConfigError(f"{recipe}: its parts give no demonstration in {environment!r}")
    template = (_HERE / "chat_template.jinja").read_text(encoding="utf-8")
    texts = [m["content"] for conversation, _ in shown[:8000] for m in conversation]
    schemas = {json.dumps(schema): None for _, schemas in shown for schema in schemas}
    tokenizer = build_tokenizer([*texts, *schemas], settings.vocabulary, template)
    encoded = [_encode(tokenizer, demonstration, settings.listen) for demonstration in shown]
    lengths = [len(ids) for ids, _ in encoded]
    batches = list(_batches(encoded, settings.batch, random.Random(settings.seed)))
    model = build_model(len(tokenizer), settings.copying)
    click.echo(
        f"{len(encoded)} demonstrations of {sum(lengths) / len(lengths):.0f} tokens, "
        f"{model.num_parameters() / 1e6:.2f} M parameters"
    )
    train(model, batches, settings)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.to(torch.float16).save_pretrained(output)
    tokenizer.save_pretrained(output)
    size = sum(file.stat().st_size for file in output.iterdir() if file.is_file())
    click.echo(f"saved to {output}: {size / 2**20:.1f} MiB")


def _read_recipe(file: Path) -> Recipe:
    """The settings in a recipe.

    Raises:
        ConfigError: the file cannot be read, or a setting is wrong; names the setting.
    """
    values = read_toml(file)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise option_error(str(file), error, values, Recipe.model_fields) from None


if __name__ == "__main__":
    from mentor_lab.commands.student import build

    build()
