"""Log-probabilities of a micro batch, with the common beginning of its rows computed once.

    TRL     [padding | prompt | completion | padding]            of each row
    here    [common beginning]                                   once, for all rows
            [rest of the prompt | completion | padding]          of each row

Prompts of tool use begin with the schemas of the tools, alike for all tasks of an environment. A
group's episodes have the same prompt. The gradient flows through the keys and values of the
common beginning, so log-probabilities and gradients equal those of TRL's own pass.
"""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["can_share", "shared_logps"]


def can_share(model: Any) -> bool:
    """True if one row's keys and values may serve the other rows.

    False for layers that keep a window or a state instead of all keys, and with gradient
    checkpointing, which keeps none. False for the wrappers of several processes, too: these expect
    one forward pass for each backward pass.
    """
    from transformers import PreTrainedModel
    from transformers.cache_utils import DynamicCache, DynamicLayer
    from transformers.utils import is_peft_available

    if is_peft_available():
        from peft import PeftModel

        if isinstance(model, PeftModel) and not model.active_peft_config.is_prompt_learning:
            model = model.get_base_model()
    if not isinstance(model, PreTrainedModel) or model.is_gradient_checkpointing:
        return False
    return all(type(layer) is DynamicLayer for layer in DynamicCache(config=model.config).layers)


def shared_logps(
    model: Any, ids_BL: torch.Tensor, attention_BL: torch.Tensor, completion: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and entropy of each completion token, in nats; 0 on padding.

    Args:
        model: a student for which `can_share` holds, with TRL's fused head.
        ids_BL: prompts, padded on the left, then completions, padded on the right.
        attention_BL: 1 on tokens, 0 on padding.
        completion: T, columns of the completions.

    Returns:
        Two tensors [B, T].
    """
    from transformers.cache_utils import DynamicCache

    rows, columns = ids_BL.shape
    lengths_B = attention_BL[:, : columns - completion].sum(1)  # of the prompts
    begins_B1 = (columns - completion - lengths_B)[:, None]
    # Every row moved to the left: the padding of its prompt goes to the end.
    order_BL = (torch.arange(columns, device=ids_BL.device) + begins_B1) % columns
    ids_BL, attention_BL = ids_BL.gather(1, order_BL), attention_BL.gather(1, order_BL)
    alike_L = (ids_BL == ids_BL[:1]).all(0) & (attention_BL == 1).all(0)
    # The last token of the shortest prompt predicts, so it is no part of the beginning.
    shared = min(int(alike_L.long().cumprod(0).sum()), int(lengths_B.min()) - 1)
    cache = None
    if shared > 0 and rows > 1:
        cache = DynamicCache(config=model.config)
        model(
            input_ids=ids_BL[:1, :shared], past_key_values=cache, use_cache=True, logits_to_keep=1
        )
        cache.batch_repeat_interleave(rows)
    else:
        shared = 0
    positions_L = torch.arange(columns, device=ids_BL.device)
    scored_BL = (attention_BL == 1) & (positions_L >= lengths_B[:, None])
    labels_BL = ids_BL.masked_fill(~scored_BL, -100)
    output = model(
        input_ids=ids_BL[:, shared:],
        past_key_values=cache,
        labels=labels_BL[:, shared:],
        fused_lm_head=True,
    )
    # Column c of the output is of token shared + 1 + c; completions begin where prompts end.
    wanted_BT = lengths_B[:, None] - shared - 1 + torch.arange(completion, device=ids_BL.device)
    inside_BT = wanted_BT < output.log_probs.shape[1]
    wanted_BT = wanted_BT.clamp(max=output.log_probs.shape[1] - 1)
    return tuple(  # type: ignore[return-value]
        values.gather(1, wanted_BT) * inside_BT for values in (output.log_probs, output.entropy)
    )
