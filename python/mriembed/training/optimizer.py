"""The optimizer: Muon for weight matrices, AdamW for all other weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_OF_VECTORS = 0.04  # learning rate of AdamW to that of Muon: its steps are as large as the rate in every component
_MOMENTUM = 0.95


class Optimizer:
    """Weights of convolutions and of linear layers by Muon, biases and norms by AdamW (Loshchilov and Hutter 2019).

    Muon makes each matrix of updates orthogonal (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon): what
    few slices of a step show is learnt as fast as what all of them do. A convolution's weight is a matrix of one row
    for each output channel. Muon is torch's, which takes matrices only: it works on copies of the weights.

    Args:
        model: whose weights it changes, all of them materialized.
        learning_rate: of Muon, at its highest; that of AdamW is `0.04` of it.
        weight_decay: of the matrices; per step they shrink by this times the learning rate.
    """

    def __init__(self, model: nn.Module, learning_rate: float, weight_decay: float) -> None:
        self.learning_rate = learning_rate
        self._matrices: dict[str, tuple[nn.Parameter, nn.Parameter]] = {}  # weight, and the matrix that Muon changes
        vectors: dict[str, nn.Parameter] = {}
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                self._matrices[name] = (weight, nn.Parameter(weight.detach().flatten(1).clone()))
            else:
                vectors[name] = weight
        matrices = [matrix for _, matrix in self._matrices.values()]
        self._muon = torch.optim.Muon(
            matrices, lr=learning_rate, weight_decay=weight_decay, momentum=_MOMENTUM, adjust_lr_fn="original"
        )
        self._adam = torch.optim.AdamW(vectors.values(), lr=_OF_VECTORS * learning_rate, weight_decay=0.0)
        self._named = {name: matrix for name, (_, matrix) in self._matrices.items()} | vectors

    def step(self, learning_rate: float) -> None:
        """Changes the model's weights by their gradients, at this rate of Muon."""
        for optimizer, share in ((self._muon, 1.0), (self._adam, _OF_VECTORS)):
            for group in optimizer.param_groups:
                group["lr"] = share * learning_rate
        with torch.no_grad():
            for weight, matrix in self._matrices.values():
                matrix.copy_(weight.flatten(1))
                matrix.grad = None if weight.grad is None else weight.grad.flatten(1).clone()
            self._muon.step()
            self._adam.step()
            for weight, matrix in self._matrices.values():
                weight.copy_(matrix.view_as(weight))

    def state(self) -> dict[str, Tensor]:
        """What `load` needs to go on: moments and numbers of steps, by "weight's name/what it is"."""
        state: dict[str, Tensor] = {}
        for optimizer in (self._muon, self._adam):
            for name, parameter in self._named.items():
                for key, value in optimizer.state.get(parameter, {}).items():
                    state[f"{name}/{key}"] = value
        return state

    def load(self, state: dict[str, Tensor]) -> None:
        """Goes on from what `state` returned. The model's own weights are not part of it."""
        for key, value in state.items():
            name, what = key.rsplit("/", 1)
            parameter = self._named[name]
            optimizer = self._muon if name in self._matrices else self._adam
            shape = torch.Size() if what == "step" else parameter.shape
            optimizer.state[parameter][what] = value.reshape(shape).to("cpu" if what == "step" else parameter.device)
