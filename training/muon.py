"""Muon: momentum whose step is made orthogonal, for the matrices of a model.

Keller Jordan and others, "Muon: An optimizer for hidden layers in neural networks" (2024). Matrices of one
shape are stacked, so that the Newton–Schulz iteration is a few batched products.
"""
from __future__ import annotations

import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
STEPS = 5


def orthogonal_factor(stack: torch.Tensor) -> torch.Tensor:
    """Nearly U Vᵀ of every matrix U S Vᵀ of a stack (n × rows × columns), by Newton–Schulz in bfloat16."""
    a, b, c = NEWTON_SCHULZ
    x = stack.bfloat16()
    tall = x.size(1) > x.size(2)
    if tall:
        x = x.mT.contiguous()
    x = x / (x.float().flatten(1).norm(dim=1)[:, None, None].to(x.dtype) + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised; the step of a matrix is scaled by sqrt(max(1, rows / columns))."""

    def __init__(self, matrices, lr: float, momentum: float = 0.95, weight_decay: float = 0.1):
        matrices = list(matrices)
        shapes = sorted({tuple(p.shape) for p in matrices})
        groups = [{"params": [p for p in matrices if tuple(p.shape) == shape]} for shape in shapes]
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        """One step from the gradients at hand."""
        for group in self.param_groups:
            params = group["params"]
            gradients = torch.stack([p.grad for p in params])
            state = self.state[params[0]]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(gradients)
            state["momentum"].lerp_(gradients, 1 - group["momentum"])
            update = orthogonal_factor(gradients.lerp(state["momentum"], group["momentum"]))
            rows, columns = params[0].shape
            torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(params, list(update.unbind()), alpha=-group["lr"] * max(1, rows / columns) ** 0.5)
