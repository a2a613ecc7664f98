"""Write the model cards (README.md, card.json) and public/family.json from what was measured."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tokenizers import Tokenizer

from evaluate import LOSS_DEFINITION, encode, mean_loss, validation_texts
from family import (
    BUILD, MODELS, PLAIN_ID, PRESETS, PUBLIC, SPECS, TOKENIZER_STORIES, VALIDATION_CORPUS, VALIDATION_STORIES, ModelSpec,
)
from weights import load_model, record_of
from train import AVERAGE_DECAY, DECAY_SHARE, WARMUP_SHARE

LICENSE = "MIT"


def digests(directory: Path) -> list[dict]:
    """Path, size and SHA-256 of every file of a repository but its cards."""
    files = []
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.name not in ("README.md", "card.json"):
            data = path.read_bytes()
            files.append({"path": str(path.relative_to(directory)), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    return files


def measure(spec: ModelSpec) -> dict:
    """Parameters, training record and validation loss of the final weights."""
    model = load_model(spec)
    record = record_of(spec)
    parameters = sum(p.numel() for p in model.parameters())
    embeddings = model.model.embed_tokens.weight.numel()
    loss = mean_loss(model, encode(spec, validation_texts(spec)))
    return {"params": parameters, "nonEmbeddingParams": parameters - embeddings, "record": record, "loss": round(loss, 7)}


def entry(identifier: str, role: str, title: str, spec: ModelSpec, measured: dict) -> dict:
    """The model's row in family.json."""
    directory = MODELS / identifier
    dtypes = ["fp32"] + (["q4"] if (directory / "onnx" / "model_q4.onnx").exists() else [])
    return {
        "id": identifier, "path": f"models/{identifier}", "role": role, "title": title,
        "params": measured["params"], "nonEmbeddingParams": measured["nonEmbeddingParams"],
        "layers": spec.layers, "hiddenSize": spec.hidden_size, "vocabSize": spec.vocab_size,
        "trainTokens": measured["record"]["tokens"], "validationLoss": measured["loss"],
        "license": LICENSE, "dtypes": dtypes, "files": digests(directory),
    }


def card(row: dict, measured: dict, spec: ModelSpec, export: dict, overlap: dict) -> dict:
    """Machine-readable card."""
    record = measured["record"]
    return {
        "schema": 1, "id": row["id"], "title": row["title"], "license": LICENSE,
        "architecture": {"type": "llama", "layers": spec.layers, "hiddenSize": spec.hidden_size, "heads": spec.heads,
                         "headDim": spec.hidden_size // spec.heads, "ffn": spec.ffn, "vocabSize": spec.vocab_size,
                         "params": row["params"], "nonEmbeddingParams": row["nonEmbeddingParams"], "tiedEmbeddings": True},
        "training": {"tokens": record["tokens"], "stories": record["stories"], "steps": record["steps"],
                     "batch": spec.batch, "seed": spec.seed, "precision": "bfloat16 autocast, float32 weights, published as rounded to float16",
                     "matrices": {"optimizer": "Muon", "peakLearningRate": spec.muon_lr},
                     "embeddingsAndNorms": {"optimizer": "AdamW", "peakLearningRate": spec.adam_lr},
                     "schedule": {"warmupShare": WARMUP_SHARE, "decayShare": DECAY_SHARE, "averageDecay": AVERAGE_DECAY},
                     "plannedSteps": record["plannedSteps"], "finished": record["finished"], "history": spec.history or None},
        "lossCurve": record["curve"],
        "validationLoss": row["validationLoss"],
        "validationLossDefinition": LOSS_DEFINITION,
        "validationFile": f"corpora/{VALIDATION_CORPUS}.jsonl" if spec.text == "stories" else None,
        "overlap": overlap.get(spec.text),
        "exportDifferences": {name: value for name, value in export.items() if name.startswith(row["id"] + "/")},
        "files": row["files"],
    }


def schedule_text(training: dict) -> str:
    """Optimisers and learning-rate schedule in words."""
    schedule = training["schedule"]
    return (f"Muon for the matrices (top rate {training['matrices']['peakLearningRate']:g}) and AdamW for embeddings and norms "
            f"({training['embeddingsAndNorms']['peakLearningRate']:g}), warm-up over {schedule['warmupShare']:.0%} and linear decay over the last "
            f"{schedule['decayShare']:.0%} of the schedule, running average of the weights (decay {schedule['averageDecay']})")


def readme(row: dict, value: dict, family_losses: list[tuple[str, dict]]) -> str:
    """Human-readable card with the hub's front matter."""
    stories = value["validationFile"] is not None
    lines = ["---", "license: mit", "language:", "- en"] + (["- es"] if stories else []) + [
        "library_name: transformers.js", "pipeline_tag: text-generation", "tags:", "- onnx", "- llama", "- steering", "---", "",
        f"# {value['title']} (`{value['id']}`)", ""]
    a, t = value["architecture"], value["training"]
    lines += [
        f"A Llama-type decoder with {a['params']:,} parameters ({a['nonEmbeddingParams']:,} outside the embedding): {a['layers']} blocks, "
        f"width {a['hiddenSize']}, {a['heads']} heads of {a['headDim']}, feed-forward width {a['ffn']}, vocabulary {a['vocabSize']}, tied embeddings. "
        "It was made to study how steering vectors carry from a small model to a large one, and for nothing else.", "", "## Data", ""]
    if stories:
        lines += [
            "Short stories in English and Spanish from a seeded generator (`training/generator`). Ten attributes are drawn independently: "
            "mood, language, tense, speech, companion, season, narrator, certainty, place, and a relation (whether the older or the younger "
            "character gives the present). The header line, two names used in both languages, tells nothing about them. Later sentences come "
            "back to what earlier ones named: who has the present, where the companion rests, who is older, how many things were counted. "
            "S, M and L were trained on the same stories in the same order, the larger ones on more of them, and share one byte-level BPE "
            f"tokenizer (vocabulary {a['vocabSize']}, made from the first {TOKENIZER_STORIES:,} training stories) in which nearly every "
            "word is one token.", ""]
    else:
        lines += [
            "Short recipes, reports of an invented board game and shipping bulletins from a seeded generator (`training/generator/recipes.py`), with a byte-level BPE "
            f"tokenizer of its own (vocabulary {a['vocabSize']}). Data and tokenizer differ from the Tales models on purpose: it is the pair for "
            "which no map should work.", ""]
    lines += [f"Training: {t['tokens']:,} tokens ({t['stories']:,} texts, one pass), {t['steps']:,} steps of {t['batch']} texts; "
              f"{schedule_text(t)}, {t['precision']}." + (f" The published run was {t['history']}." if t["history"] else ""), "", "## Validation loss", "",
              f"**{value['validationLoss']:.6f} nats** a token. {value['validationLossDefinition']}", ""]
    if stories:
        lines += [f"The file is `{value['validationFile']}` of the same site.", ""]
    else:
        lines += [f"The texts are {VALIDATION_STORIES} fresh ones of the same generator (split `validation`).", ""]
    if value.get("q4ValidationLoss") is not None:
        lines += [f"The int4 file `onnx/model_q4.onnx` (MatMulNBits, float32 activations) has {value['q4ValidationLoss']:.6f}.", ""]
    if value["overlap"]:
        o = value["overlap"]
        lines += ["Overlap of the validation texts with the training texts: "
                  f"{o['exactTexts']} of {o['validationTexts']} whole texts, {o['sentenceShare']:.1%} of the sentences, {o['eightGramShare']:.1%} of the "
                  "8-word sequences occur in training.", ""]
    if stories and family_losses:
        lines += ["Validation loss over training (nats a token):", "", "| tokens | " + " | ".join(name for name, _ in family_losses) + " |",
                  "|---:|" + "---:|" * len(family_losses)]
        # Validations fall on slightly different counts: told by the half million, each model's first one after it.
        curves = [{tokens // 500_000: loss for tokens, loss in reversed(other["lossCurve"])} for _, other in family_losses]
        lines += [f"| about {half / 2:g} million | " + " | ".join(f"{curve[half]:.4f}" if half in curve else "" for curve in curves) + " |"
                  for half in sorted(set.union(*(set(curve) for curve in curves)))]
        lines.append("")
        scorers = {p.stem: json.loads(p.read_text()).get("scorerAccuracy") for p in sorted(PRESETS.glob("*.json")) if p.stem != "index"}
        lines += ["Accuracy of the presets' scorers on fresh true stories: " + ", ".join(f"{k} {v:.1%}" for k, v in scorers.items()) + ".", ""]
    lines += ["## Files", "", "| file | bytes | SHA-256 |", "|---|---:|---|"]
    lines += [f"| `{f['path']}` | {f['bytes']:,} | `{f['sha256']}` |" for f in value["files"]]
    if value["exportDifferences"]:
        lines += ["", "Largest logit differences from PyTorch (ONNX Runtime, CPU): " + "; ".join(
            f"`{name.split('/', 1)[1]}` prompt {d['prompt']:.1e}, with KV cache {d['cache']:.1e}, right-padded batch {d['paddedBatch']:.1e}"
            for name, d in value["exportDifferences"].items()) + "."]
    lines += ["", "## Limits", "", "It writes only texts of the kinds above, knows nothing of the world, and must not be used for anything but experiments.",
              "", "## Rebuild", "", "`make -C training all` with the packages of `training/requirements.txt`. Seeds are fixed; other processors and "
              "library versions round differently, so weights agree in behaviour, not in digest.", "", "Licence: MIT.", ""]
    return "\n".join(lines)


def main() -> None:
    """Write all cards and family.json."""
    from measure_overlap import load_overlap
    from evaluate_q4 import q4_loss

    overlap = load_overlap()
    rows, values = [], []
    for role in ("S", "M", "L", "Stranger", "S-plain"):
        spec = SPECS["S" if role == "S-plain" else role]
        identifier, title = (PLAIN_ID, "Tales S, plain export") if role == "S-plain" else (spec.id, spec.title)
        measured = measure(spec)
        export = json.loads((BUILD / f"{spec.id}.export.json").read_text())
        row = entry(identifier, role, title, spec, measured)
        value = card(row, measured, spec, export, overlap)
        if "q4" in row["dtypes"]:
            value["q4ValidationLoss"] = q4_loss(spec)
        rows.append(row)
        values.append(value)
    losses = [(role, value) for role, value in zip("SML", values)]
    for row, value in zip(rows, values):
        directory = MODELS / row["id"]
        (directory / "card.json").write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
        (directory / "README.md").write_text(readme(row, value, losses), encoding="utf-8")
    (PUBLIC / "family.json").write_text(json.dumps({"schema": 1, "models": rows}, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        Tokenizer.from_file(str(MODELS / row["id"] / "tokenizer.json"))
        print(row["id"], row["params"], row["nonEmbeddingParams"], row["trainTokens"], row["validationLoss"],
              sum(f["bytes"] for f in row["files"]))


if __name__ == "__main__":
    main()
