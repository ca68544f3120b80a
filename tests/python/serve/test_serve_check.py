"""`serve --check`: figures with each slice, and what is broken in a scan at its end, as `mriembed_cli` has them."""

import json
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

from mrd_codec import HEADER, acquisition_samples, text
from program import PROGRAM
from scans_of_scanners import COURSES, scan
from service import KEY, Row, Service, key_of, run, send_scan


def key_of_row(row: Row) -> tuple[int, ...]:
    return tuple(row[name] for name in KEY)


def test_a_noisy_coil_is_told_as_check_tells_it(phantom: Path, model_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.h5"
    broken.write_bytes(phantom.read_bytes())
    generator = np.random.default_rng(0)
    with h5py.File(broken, "r+") as file:
        lines = file["dataset/data"]
        for number in range(len(lines)):
            line = lines[number]
            data = line["data"].reshape(int(line["head"]["active_channels"]), -1)
            data[5] += generator.standard_normal(data.shape[1]) * 10 * np.float32(0.05)
            line["data"] = data.ravel()
            lines[number] = line
    check = subprocess.run([PROGRAM, "check", broken], capture_output=True, text=True)
    expected = [line.removeprefix(f"{broken}: ") for line in check.stdout.splitlines() if "coil 5" in line]
    assert check.returncode == 10
    assert expected
    stream = tmp_path / "session"
    options = ["--listen", "127.0.0.1:0", "--once", "--check", "--save", str(stream)]
    command: list[str | Path] = [PROGRAM, "serve", model_file, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        address = service.stderr.readline().split()[-1]
        sent = subprocess.run([PROGRAM, "send", broken, address], capture_output=True, text=True)
        log = service.stderr.read()
    assert sent.returncode == 0
    for line in expected:
        assert f"WARNING {line}" in sent.stderr
        assert line in log


def with_noise(path: Path, scan: Path, factor: float) -> Path:
    """The phantom, whose white noise has a standard deviation of 0.05 a part, with `factor` times this noise."""
    path.write_bytes(scan.read_bytes())
    generator = np.random.default_rng(1)
    with h5py.File(path, "r+") as file:
        lines = file["dataset/data"]
        for number in range(len(lines)):
            line = lines[number]
            added = generator.standard_normal(line["data"].shape) * 0.05 * np.sqrt(factor**2 - 1)
            line["data"] = (line["data"] + added).astype(np.float32)
            lines[number] = line
    return path


def reference_of(path: Path, scan: Path) -> Path:
    with path.open("w") as file:
        subprocess.run([PROGRAM, "check", "--json", scan], stdout=file, check=True)
    return path


def served(model: Path, scan: Path, rows: Path, *options: object) -> tuple[list[str], list[str], list[Row]]:
    """What the service tells of the scan: to the client, in its log, and in its rows."""
    with Service(model, "--check", "--out", rows, *options) as service:
        address = ":".join(map(str, service.address))
        sent = subprocess.run([PROGRAM, "send", scan, address], capture_output=True, text=True)
    assert sent.returncode == 0
    return sent.stderr.splitlines(), service.log, [json.loads(line) for line in rows.read_text().splitlines()]


def test_embed_and_serve_compare_with_a_reference_as_check_does(
    phantom: Path, model_file: Path, tmp_path: Path
) -> None:
    reference = reference_of(tmp_path / "reference.json", phantom)
    noisy = with_noise(tmp_path / "noisy.h5", phantom, 3)
    check = run("check", noisy, "--reference", reference)
    assert check.returncode == 10
    finding, not_judged = (line.removeprefix(f"{noisy}: ") for line in check.stdout.decode().splitlines())
    assert finding.startswith("noise of all coils: 3.")
    assert not_judged.startswith(
        "not judged: ghosts in 3 of 3 slices (lines do not follow closely from their neighbours"
    )
    known = json.loads(run("check", "--json", noisy, "--reference", reference).stdout)
    assert known["reference"]["noise_change"] == pytest.approx(3, rel=0.02)

    embedded = run("embed", model_file, noisy, "-o", "-", "--check", "--reference", reference)
    assert embedded.returncode == 10
    notes = embedded.stderr.decode().splitlines()
    assert [line.split(f"note: {noisy}: ")[1] for line in notes if "note: " in line] == [finding]
    rows = [json.loads(line) for line in embedded.stdout.splitlines()]
    assert len(rows) == len(known["slices"]) == 3
    for row, slice_ in zip(rows, known["slices"], strict=True):
        assert row["findings"] == [finding["text"] for finding in known["findings"]]
        assert row["quality"] == {name: slice_[name] for name in row["quality"]}

    told, log, served_rows = served(model_file, noisy, tmp_path / "rows.jsonl", "--reference", reference)
    assert [line.split("WARNING ")[1] for line in told if "WARNING" in line] == [finding]
    assert any(line.endswith(finding) for line in log)
    assert {key_of_row(row): row["quality"] for row in served_rows} == {key_of_row(row): row["quality"] for row in rows}


def test_a_reference_of_other_coils_is_told_wherever_it_is_given(
    phantom: Path, model_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.npy"
    parts = np.random.default_rng(0).standard_normal((2, 1, 4, 64, 64))
    np.save(other, (parts[0] + 1j * parts[1]).astype(np.complex64))
    reference = reference_of(tmp_path / "reference.json", other)
    words = "not judged: noise against the reference (it has other coils: 4 coils without names, the scan 8 without)"
    assert run("check", phantom, "--reference", reference).stdout.decode().splitlines()[-1] == f"{phantom}: {words}"
    embedded = run("embed", model_file, phantom, "-o", "-", "--check", "--reference", reference)
    assert embedded.returncode == 0
    assert f"note: {phantom}: {words}" in embedded.stderr.decode()
    told, _, _ = served(model_file, phantom, tmp_path / "rows.jsonl", "--reference", reference)
    assert sum(f"INFO    {words}" in line for line in told) == 1
    assert not any("WARNING" in line for line in told)


@pytest.mark.parametrize("command", ["embed", "serve"])
def test_a_reference_without_check_or_that_is_none_is_a_usage_error(
    command: str, phantom: Path, model_file: Path, tmp_path: Path
) -> None:
    options: dict[str, list[str | Path]] = {"embed": [phantom, "-o", "-"], "serve": ["--listen", "127.0.0.1:0"]}
    of_command = options[command]
    refused = run(command, model_file, *of_command, "--reference", reference_of(tmp_path / "reference.json", phantom))
    assert refused.returncode == 2
    assert "--reference requires --check" in refused.stderr.decode()
    none = tmp_path / "none.json"
    none.write_text("{}")
    refused = run(command, model_file, *of_command, "--check", "--reference", none)
    assert refused.returncode == 2
    assert f"{none}: measurement 1 is not what `check --json` writes" in refused.stderr.decode()
    assert "listening" not in refused.stderr.decode()


def test_rows_never_replace_the_reference_or_the_limits(phantom: Path, model_file: Path, tmp_path: Path) -> None:
    """The rows of x.npy have x.json beside them."""
    reference = reference_of(tmp_path / "x.json", phantom)
    before = reference.read_bytes()
    for option in ("--reference", "--limits"):
        refused = run("embed", model_file, phantom, "-o", tmp_path / "x.npy", "--check", option, reference)
        assert refused.returncode == 2
        assert f"{reference}: writing this would replace the input" in refused.stderr.decode()
        assert reference.read_bytes() == before


def test_a_sound_scan_is_told_nothing(phantom: Path, model_file: Path) -> None:
    command: list[str | Path] = [PROGRAM, "serve", model_file, "--listen", "127.0.0.1:0", "--once", "--check"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        address = service.stderr.readline().split()[-1]
        sent = subprocess.run([PROGRAM, "send", phantom, address], capture_output=True, text=True)
        service.stderr.read()
    assert sent.returncode == 0
    assert "coil" not in sent.stderr


@pytest.mark.parametrize("name", ["slices", "interleaved slices", "noise", "calibration inside", "slabs"])
def test_each_slice_has_the_figures_of_embed(name: str, model_file: Path, tmp_path: Path) -> None:
    sent = scan(COURSES[name])
    path = tmp_path / "rows.jsonl"
    checked = run("embed", model_file, sent.write(tmp_path / "scan.h5"), "-o", "-", "--check")
    assert checked.returncode in (0, 10)
    expected = {key_of_row(row): row["quality"] for row in map(json.loads, checked.stdout.splitlines())}
    with Service(model_file, "--check", "--out", path, "--return", "both") as service:
        answers = send_scan(service, sent)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {key_of_row(row): row["quality"] for row in rows} == expected
    assert len(answers.images) == 2 * len(expected) > 0
    for found in answers.images:
        assert json.loads(found.meta["mriembed_quality"][0]) == expected[key_of(found)]


def test_without_the_option_no_figures_are_told(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Service(model_file, "--out", path) as service:
        answers = send_scan(service, scan(COURSES["slices"]))
    assert len(answers.images) == 3
    assert not any("mriembed_quality" in found.meta for found in answers.images)
    assert "quality" not in path.read_text()


def test_lost_samples_are_told_with_the_slice_that_lost_them(model_file: Path) -> None:
    """Two readouts of one coil are zero in the second slice, whose answer says so at once."""
    sent = scan(COURSES["slices"])
    lines = list(sent.lines)
    for place in (40, 50):
        samples = acquisition_samples(lines[place]).copy()
        samples[1] = 0
        lines[place] = lines[place][:342] + samples.tobytes()
    with Service(model_file, "--check") as service, service.connect() as client:
        client.send(text(sent.xml, HEADER), lines[:64])
        told = [json.loads(client.image().meta["mriembed_quality"][0])["zero_readouts"] for _ in range(2)]
        assert told == [0, 2]
        client.send(lines[64:])
        client.finish()
