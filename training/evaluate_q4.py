"""Validation loss of an exported int4 graph, by the same definition as the float32 one."""
from __future__ import annotations

import numpy as np

from evaluate import encode, validation_texts
from export_onnx import OnnxModel
from family import ModelSpec


def graph_loss(path, rows: list[list[int]]) -> float:
    """Pooled mean cross-entropy of an ONNX graph over token rows."""
    graph, total, count = OnnxModel(path), 0.0, 0
    for row in rows:
        ids = np.asarray([row], dtype=np.int64)
        logits = graph.run(ids, np.ones_like(ids))[0][0, :-1].astype(np.float64)
        logits -= logits.max(1, keepdims=True)
        chosen = logits[np.arange(len(row) - 1), row[1:]] - np.log(np.exp(logits).sum(1))
        total -= chosen.sum()
        count += len(row) - 1
    return total / count


def q4_loss(spec: ModelSpec) -> float:
    """Loss of the model's int4 file."""
    return round(graph_loss(spec.directory / "onnx" / "model_q4.onnx", encode(spec, validation_texts(spec))), 7)
