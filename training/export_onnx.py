"""Export trained models by the standard exporters into hub-style repositories under public/models.

The fused style comes from onnxruntime-genai's model builder, the plain style from optimum-onnx. The
graphs are as the exporters leave them; only external weights are moved inline (one file a model).
Every export is compared with PyTorch: whole prompts, a KV cache, and right-padded batches.
"""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import torch

from evaluate import encode, padded, validation_texts
from family import BOS_ID, BUILD, EOS_ID, PAD_ID, PLAIN_ID, SPECS, MODELS, ModelSpec
from weights import load_model

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
TOLERANCE = 1e-4


def save_hub_directory(spec: ModelSpec) -> Path:
    """PyTorch weights, config and tokenizer of a spec as an ordinary local repository."""
    directory = BUILD / "hub" / spec.id
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    load_model(spec).save_pretrained(directory)
    for name in TOKENIZER_FILES:
        shutil.copy(spec.directory / name, directory / name)
    return directory


def write_configs(source: Path, target: Path) -> None:
    """Copy config and tokenizer, and write generation_config.json."""
    target.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES:
        if (source / name).resolve() != (target / name).resolve():
            shutil.copy(source / name, target / name)
    config = json.loads((source / "config.json").read_text())
    config.pop("_name_or_path", None)
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    generation = {"_from_model_config": True, "bos_token_id": BOS_ID, "eos_token_id": EOS_ID, "pad_token_id": PAD_ID}
    (target / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")


def inline(exported: Path, target: Path) -> None:
    """Save a graph with its weights inside one file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    model = onnx.load(str(exported), load_external_data=True)
    onnx.save_model(model, str(target), save_as_external_data=False)


def export_fused(source: Path, target: Path, precision: str) -> None:
    """Fused-style export (GroupQueryAttention, SkipSimplifiedLayerNormalization)."""
    work = BUILD / "genai" / f"{source.name}-{precision}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(source), "-o", str(work),
               "-p", precision, "-e", "webgpu", "-c", str(work / "cache"), "--extra_options", "use_webgpu_fp32=true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"model builder failed:\n{done.stdout}\n{done.stderr}")
    inline(work / "model.onnx", target)


def export_plain(source: Path, target: Path) -> None:
    """Plain-style export (MatMul, Softmax, position_ids) by optimum-onnx."""
    from optimum.exporters.onnx import main_export

    work = BUILD / "optimum" / source.name
    shutil.rmtree(work, ignore_errors=True)
    main_export(str(source), output=work, task="text-generation-with-past", opset=18, do_validation=False)
    inline(work / "model.onnx", target)


class OnnxModel:
    """Feeds an exported graph with right-padded batches, with or without a KV cache."""

    def __init__(self, path: Path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.inputs = {value.name: value for value in self.session.get_inputs()}
        self.past_names = [name for name in self.inputs if name.startswith("past_key_values.")]

    def run(self, ids: np.ndarray, mask: np.ndarray, past: list[np.ndarray] | None = None):
        """Logits and the present keys and values."""
        if past is None:
            past = []
            for name in self.past_names:
                shape = self.inputs[name].shape
                past.append(np.zeros((ids.shape[0], shape[1], 0, shape[3]), dtype=np.float32))
        feeds = {"input_ids": ids, "attention_mask": mask, **dict(zip(self.past_names, past))}
        if "position_ids" in self.inputs:
            start = past[0].shape[2]
            feeds["position_ids"] = np.tile(np.arange(start, start + ids.shape[1], dtype=np.int64), (ids.shape[0], 1))
        outputs = self.session.run(None, feeds)
        return outputs[0], outputs[1:]


@torch.no_grad()
def check(spec: ModelSpec, path: Path) -> dict[str, float]:
    """Largest absolute logit difference from PyTorch: whole prompts, cached steps, padded batch."""
    model, graph = load_model(spec), OnnxModel(path)
    rows = encode(spec, validation_texts(spec)[:6])
    result = {"prompt": 0.0, "cache": 0.0, "paddedBatch": 0.0}
    for row in rows[:3]:
        ids = np.asarray([row], dtype=np.int64)
        expected = model(input_ids=torch.from_numpy(ids)).logits.numpy()
        logits, _ = graph.run(ids, np.ones_like(ids))
        result["prompt"] = max(result["prompt"], float(np.abs(logits - expected).max()))
        cut = len(row) // 2
        logits, past = graph.run(ids[:, :cut], np.ones((1, cut), dtype=np.int64))
        for position in range(cut, min(cut + 8, len(row))):
            mask = np.ones((1, position + 1), dtype=np.int64)
            logits, past = graph.run(ids[:, position : position + 1], mask, past)
            result["cache"] = max(result["cache"], float(np.abs(logits[:, -1] - expected[:, position]).max()))
    batch = padded(rows).numpy()
    mask = (batch != PAD_ID).astype(np.int64)
    logits, _ = graph.run(batch, mask)
    for index, row in enumerate(rows):
        expected = model(input_ids=torch.tensor([row])).logits[0].numpy()
        result["paddedBatch"] = max(result["paddedBatch"], float(np.abs(logits[index, : len(row)] - expected).max()))
    return result


def export(role: str) -> dict[str, dict[str, float]]:
    """Export one model in all the forms it is bundled in; return the differences measured."""
    spec = SPECS[role]
    source = save_hub_directory(spec)
    write_configs(source, spec.directory)
    jobs = [(spec.directory / "onnx" / "model.onnx", "fp32")]
    if role == "L":
        jobs.append((spec.directory / "onnx" / "model_q4.onnx", "int4"))
    report = {}
    for path, precision in jobs:
        export_fused(source, path, precision)
        report[str(path.relative_to(MODELS))] = check(spec, path)
    if role == "S":
        write_configs(source, MODELS / PLAIN_ID)
        path = MODELS / PLAIN_ID / "onnx" / "model.onnx"
        export_plain(source, path)
        report[str(path.relative_to(MODELS))] = check(spec, path)
    for name, differences in report.items():
        print(name, {key: f"{value:.2e}" for key, value in differences.items()})
        if not name.endswith("_q4.onnx") and max(differences.values()) > TOLERANCE:
            raise RuntimeError(f"{name} differs from PyTorch by more than {TOLERANCE}")
    return report


def main(roles: list[str]) -> None:
    """Export the given roles (all by default) and write the differences beside the checkpoints."""
    for role in roles:
        report = export(role)
        (BUILD / f"{SPECS[role].id}.export.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:] or list(SPECS))
