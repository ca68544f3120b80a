import pytest
import torch

from mriembed import DeviceNotAvailableError, InvalidArgumentError
from mriembed.training.process_group import process_group


def test_without_torchrun_there_is_one_process_and_nothing_to_gather() -> None:
    rows = torch.ones(2, 3, requires_grad=True)
    with process_group("cpu") as group:
        assert group.leads
        assert group.size == 1
        assert group.gathered(rows) is rows
        rows.sum().backward()
        group.sum_gradients([rows])
        group.wait()
    assert rows.grad is not None
    assert torch.equal(rows.grad, torch.ones(2, 3))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeviceNotAvailableError, match="torch finds no GPU here"), process_group("cuda"):
        pass


def test_a_number_of_processes_without_torchrun_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.delenv("RANK", raising=False)
    with (
        pytest.raises(InvalidArgumentError, match="WORLD_SIZE is 3, but RANK is not set: start with torchrun"),
        process_group("cpu"),
    ):
        pass
