import pytest

from mriembed.cli import main


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["export", "evaluate", "simulate", "train"])
def test_no_default_is_shown_of_what_has_none(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(command, capsys)
    assert "(default: " in shown
    for nothing in ("None", "False", "[]"):
        assert f"(default: {nothing})" not in shown


def test_a_default_of_zero_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert "seed of random weights (default: 0)" in help_of("export", capsys)
