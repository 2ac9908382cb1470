"""Weights of an export: a merged adapter must write what the adapter wrote."""

import copy
import json

import pytest
import torch

from mentor_core.support.errors import ModelError
from mentor_plugins.export.weights import check_template, load_merged, write_weights
from mentor_plugins.models.loading import load_student, model_path

pytest.importorskip("peft")


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    """An adapter of the embedded student that changes what the student writes."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    student = load_student("embedded/calculator")
    base = str(model_path("embedded/calculator"))
    config = LoraConfig(
        r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM"
    )
    config.base_model_name_or_path = base
    model = get_peft_model(student.model, config)
    folder = tmp_path_factory.mktemp("adapter") / "model"
    model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)
    return folder, written(model, student.tokenizer)


def written(model, tokenizer):
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is 17 + 4?"}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    with torch.no_grad():
        return model.generate(**prompt, max_new_tokens=24, do_sample=False)[0].tolist()


def test_a_merged_adapter_writes_what_the_adapter_wrote(adapter, tmp_path, student):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, tokens = adapter
    merged = load_merged(folder)
    write_weights(merged, "hermes", tmp_path / "out", None)
    assert not (tmp_path / "out" / "adapter_config.json").exists()
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert written(model, tokenizer) == tokens
    assert written(student.model, student.tokenizer) != tokens  # the adapter does something


@pytest.mark.parametrize("base", ["/no/such/base", None])
def test_an_adapter_whose_base_is_gone_is_told(adapter, tmp_path, base):
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    with pytest.raises(ModelError, match=base or "does not name the base"):
        load_merged(tmp_path)


def test_a_student_without_a_chat_template_is_refused(student):
    """A server would show it other prompts than the training did, and nobody would notice."""
    bare = copy.copy(student)
    bare.tokenizer = copy.deepcopy(student.tokenizer)
    bare.tokenizer.chat_template = None
    with pytest.raises(ModelError, match="no chat template"):
        check_template(bare)
    assert check_template(student) == []


def test_the_dtype_can_be_chosen(adapter, tmp_path):
    from safetensors import safe_open

    write_weights(load_merged(adapter[0]), "hermes", tmp_path, "bfloat16")
    with safe_open(tmp_path / "model.safetensors", "pt") as weights:
        assert {weights.get_tensor(key).dtype for key in weights.keys()} == {torch.bfloat16}  # noqa: SIM118
