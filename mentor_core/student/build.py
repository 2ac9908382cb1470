"""Makes the embedded student: `python -m mentor_core.student.build ENV`.

Demonstrations of a weak player → a byte-level BPE tokenizer → a small Qwen3 decoder trained
on them for one pass. Takes about a quarter of an hour on two cores.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from mentor_core.env import ToolEnv
from mentor_core.registry import ENVIRONMENTS, load
from mentor_core.student.demonstrations import WeakPlayer, demonstrate
from mentor_core.trajectory import Message

__all__ = ["build_model", "build_tokenizer", "command", "demonstrations"]

_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_MARKUP = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")


def demonstrations(env_name: str, count: int, seed: int) -> list[list[Message]]:
    """Conversations of a weak player, mostly on short tasks, in shuffled order.

    One in five uses the ood split's sentences on short chains: a pretrained model has met the
    words of a task that is out of its training distribution, too.
    """
    environment = load(ENVIRONMENTS, env_name)
    draw = random.Random(seed)
    player, lost = WeakPlayer(), WeakPlayer(skill=0.6, luck=0.2, stop=0.25)
    parts: tuple[
        tuple[float, dict[str, Any], str, WeakPlayer], ...
    ] = (  # share, options, split, player
        (0.08, {"min_steps": 1, "max_steps": 1}, "train", player),
        (0.64, {"min_steps": 2, "max_steps": 3}, "train", player),
        (0.08, {"min_steps": 4, "max_steps": 5}, "train", lost),
        (0.20, {"min_steps": 1, "max_steps": 1}, "ood", player),
    )
    conversations = []
    for share, options, split, who in parts:
        size = int(share * count)
        options |= {f"{split}_size": size, "seed": seed + 1}
        env: ToolEnv = environment(**options)
        for task in env.tasks(split):  # type: ignore[arg-type]
            conversation = demonstrate(env, task, who, draw)
            if conversation is not None:
                conversations.append(conversation)
        env.close()
    draw.shuffle(conversations)
    return conversations


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


def build_model(vocabulary: int) -> Any:
    """An untrained decoder of about 2.6 million parameters."""
    config = Qwen3Config(
        vocab_size=(vocabulary + 63) // 64 * 64,
        hidden_size=256,
        intermediate_size=640,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        eos_token_id=2,
        pad_token_id=0,
        bos_token_id=None,
        dtype="float32",
    )
    return Qwen3ForCausalLM(config)


def _encode(tokenizer: Any, conversation: list[Message], schemas: Any) -> tuple[list[int], int]:
    """Ids, and how many of them at the start are the system message that all share."""
    render = tokenizer.apply_chat_template
    ids: list[int] = render(conversation, tools=schemas, return_dict=False)
    shared: list[int] = render(conversation[:1], tools=schemas, return_dict=False)
    return ids, len(shared)


def _batches(
    encoded: list[tuple[list[int], int]], size: int, draw: random.Random
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of similar length, in random order; labels are −100 on padding and system."""
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i][0]) + draw.random() * 60)
    chunks = [order[i : i + size] for i in range(0, len(order), size)]
    draw.shuffle(chunks)
    for chunk in chunks:
        width = (max(len(encoded[i][0]) for i in chunk) + 31) // 32 * 32  # few shapes: less memory
        ids = torch.zeros(len(chunk), width, dtype=torch.long)
        labels = torch.full_like(ids, -100)
        for row, i in enumerate(chunk):
            tokens, shared = encoded[i]
            ids[row, : len(tokens)] = torch.tensor(tokens)
            labels[row, shared : len(tokens)] = torch.tensor(tokens[shared:])
        yield ids, labels


def train(
    model: Any, encoded: list[tuple[list[int], int]], batch: int, rate: float, seed: int
) -> None:
    """One pass of AdamW with a warm-up and a cosine schedule."""
    draw = random.Random(seed)
    batches = list(_batches(encoded, batch, draw))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=len(batches), pct_start=0.08, final_div_factor=20
    )
    model.train()
    began, running = time.monotonic(), 0.0
    for step, (ids, labels) in enumerate(batches, 1):
        with torch.autocast("cpu", torch.bfloat16):
            # Padding is on the right: causal attention keeps it from the rest without a mask.
            loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
        if step % 25 == 0 or step == len(batches):
            seconds = time.monotonic() - began
            click.echo(f"step {step}/{len(batches)}  loss {running:.3f}  {seconds:.0f} s")


@click.command()
@click.argument("env", default="calculator")
@click.option("--output", type=click.Path(path_type=Path), default=Path(__file__).parent)
@click.option("--count", default=26_000, show_default=True, help="Demonstrations.")
@click.option("--vocabulary", default=1024, show_default=True)
@click.option("--batch", default=32, show_default=True)
@click.option("--rate", default=3e-3, show_default=True, help="Peak learning rate.")
@click.option("--seed", default=20_251, show_default=True)
def command(
    env: str, output: Path, count: int, vocabulary: int, batch: int, rate: float, seed: int
) -> None:
    """Make the embedded student from demonstrations on ENV."""
    torch.manual_seed(seed)
    conversations = demonstrations(env, count, seed)
    schemas = load(ENVIRONMENTS, env)().schemas
    template = (Path(__file__).parent / "chat_template.jinja").read_text(encoding="utf-8")
    texts = [m["content"] for c in conversations[:8000] for m in c]
    texts += [json.dumps(schema) for schema in schemas]
    tokenizer = build_tokenizer(texts, vocabulary, template)
    encoded = [_encode(tokenizer, conversation, schemas) for conversation in conversations]
    lengths = [len(ids) for ids, _ in encoded]
    model = build_model(len(tokenizer))
    click.echo(
        f"{len(encoded)} demonstrations of {sum(lengths) / len(lengths):.0f} tokens "
        f"({encoded[0][1]} of them shared), {model.num_parameters() / 1e6:.2f} M parameters"
    )
    train(model, encoded, batch, rate, seed)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.to(torch.float16).save_pretrained(output)
    tokenizer.save_pretrained(output)
    size = sum(file.stat().st_size for file in output.iterdir() if file.is_file())
    click.echo(f"saved to {output}: {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    command()
