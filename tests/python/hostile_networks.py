"""Networks that do harm, or what no model needs, once torch loads or runs them."""

import torch
from torch import Tensor, nn


class WritesFile(nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.from_file(self.path, shared=True, size=4)


class WritesFileInASubmodule(nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.inner = WritesFile(path)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.inner(x)
        return result


class WritesFileWhileLoading(nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return self.path, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.path = state[0]
        self.training = bool(torch.from_file(state[0], shared=True, size=4).sum() > 0)


class LoopsForEver(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while x.dim() >= 0:
            x = x + x
        return x


class Prints(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        print(x)
        return x


class Forks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = torch.jit.wait(torch.jit.fork(torch.sin, x))
        return result


class Doubles(nn.Module):
    """Thirty methods that each call the next one twice: a billion additions."""

    def forward(self, x: Tensor) -> Tensor:
        return self.a(self.a(x))

    def a(self, x: Tensor) -> Tensor:
        return self.b(self.b(self.b(self.b(x))))

    def b(self, x: Tensor) -> Tensor:
        return self.c(self.c(self.c(self.c(self.c(self.c(self.c(self.c(x))))))))

    def c(self, x: Tensor) -> Tensor:
        return self.d(self.d(self.d(self.d(self.d(self.d(self.d(self.d(x))))))))

    def d(self, x: Tensor) -> Tensor:
        return self.e(self.e(self.e(self.e(self.e(self.e(self.e(self.e(x))))))))

    def e(self, x: Tensor) -> Tensor:
        return self.f(self.f(self.f(self.f(self.f(self.f(self.f(self.f(x))))))))

    def f(self, x: Tensor) -> Tensor:
        return x.abs().abs().abs().abs()


class Hooked(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def hook(self: nn.Module, x: tuple[Tensor], output: Tensor) -> Tensor:  # noqa: ARG001
            return torch.sin(output)

        self.register_forward_hook(hook)

    def forward(self, x: Tensor) -> Tensor:
        return x
