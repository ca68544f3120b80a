"""The program as its users meet it: exit codes, one-line messages, nothing half-written."""

import json
import re
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

import mriembed
from mriembed import Embedder
from program import PROGRAM


def cli(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def assert_fails(result: subprocess.CompletedProcess[str], status: int, *expected: str) -> None:
    assert result.returncode == status, result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    for text in expected:
        assert text in result.stderr


@pytest.fixture
def good(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "good.npy"
    np.save(path, (rng.normal(size=(3, 9, 24, 20)) + 1j * rng.normal(size=(3, 9, 24, 20))).astype(np.complex64))
    return path


def test_help_and_version_are_no_errors() -> None:
    assert cli("--version").stdout.strip() == f"mriembed_cli {mriembed.__version__}"
    for arguments in (["--help"], ["embed", "--help"], ["inspect", "--help"]):
        result = cli(*arguments)
        assert result.returncode == 0
        assert "usage" in result.stdout.lower()
        assert result.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["embed"],
        ["embed", "m.pt", "scan.npy"],
        ["info"],
        ["embed", "{model}", "{good}", "-o", "out.npy", "--threads", "-1"],
        ["embed", "{model}", "{good}", "-o", "out.npy", "--batch", "0"],
        ["embed", "{model}", "{good}", "-o", "out.npy", "--precision", "int8"],
        ["embed", "{model}", "{good}", "-o", "out.npy", "--input", "video"],
        ["embed", "{model}", "{good}", "-o", "out.npy", "--device", "tpu"],
        ["embed", "{model}", "{good}", "-o", "out.txt"],
        ["embed", "{model}", "{good}", "-o", "/nonexistent/out.npy"],
        ["embed", "{model}", "{good}", "-o", "{good}"],
        ["bench", "{model}", "--shape", "1,2,3"],
    ],
)
def test_usage_errors_have_exit_code_2(model_file: Path, good: Path, arguments: list[str]) -> None:
    before = good.read_bytes()
    result = cli(*[argument.format(model=model_file, good=good) for argument in arguments])
    assert result.returncode == 2, result.stderr
    assert result.stderr.strip()
    assert "terminate" not in result.stderr
    assert good.read_bytes() == before


def test_usage_errors_say_what_is_wrong(model_file: Path, good: Path) -> None:
    prefix, see = "mriembed_cli: error: ", "; see `mriembed_cli --help`\n"
    assert cli().stderr == f"{prefix}a command is missing{see}"
    assert cli("enbed", model_file, good).stderr == f'{prefix}"enbed" is not a command{see}'
    for aspect in ("100", "0.01", "1,5", "nan"):
        result = cli("embed", model_file, good, "-o", "out.npy", f"--pixel-aspect={aspect}")
        expected = f'--pixel-aspect: must be a number from 0.015625 to 64, not "{aspect}"'
        assert_fails(result, 2, f"{prefix}{expected}; see `mriembed_cli embed --help`")


@pytest.mark.parametrize("content", [None, b"", b"text", b"PK\x03\x04"])
def test_bad_model_files_have_exit_code_3(tmp_path: Path, good: Path, content: bytes | None) -> None:
    model = tmp_path / "model.pt"
    if content is not None:
        model.write_bytes(content)
    output = tmp_path / "out.npy"
    for arguments in (["info", model], ["verify", model], ["embed", model, good, "-o", output], ["bench", model]):
        assert_fails(cli(*arguments), 3, "model.pt")
    assert not output.exists()


def test_a_gpu_that_is_not_there_has_exit_code_5(model_file: Path) -> None:
    assert_fails(cli("verify", model_file, "--device", "cuda:99"), 5, "cuda:99")
    assert_fails(cli("verify", model_file, "--precision", "float16"), 5, "float16 needs a GPU")


def test_info_and_verify_describe_the_model(model_file: Path) -> None:
    described = mriembed.read_description(model_file)
    as_json = json.loads(cli("info", model_file, "--json").stdout)
    assert as_json["weights_sha256"] == described.weights_sha256
    assert as_json["num_coils"] == 8
    assert described.weights_sha256 in cli("info", model_file).stdout
    for precision in ("float32", "bfloat16"):
        assert cli("verify", model_file, "--precision", precision).returncode == 0
    for command in ("info", "verify"):
        assert re.search(r"^seal +intact$", cli(command, model_file).stdout, re.MULTILINE)
    assert re.search(r"^backend +native on a CPU$", cli("info", model_file).stdout, re.MULTILINE)


def broken_scans(folder: Path, good: Path) -> dict[str, tuple[Path, str]]:
    """Bad files by what is wrong with them, and what the message must say."""
    scans: dict[str, tuple[Path, str]] = {"absent": (folder / "absent.h5", "No such file")}

    def add(name: str, content: bytes | np.ndarray, expected: str) -> None:
        path = folder / f"{name}.npy"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            np.save(path, content)
        scans[name] = (path, expected)

    samples = np.load(good)
    add("empty", b"", "empty")
    add("text", b"some text", "not a scan of a known format")
    add("cut short", good.read_bytes()[:-100], "cut short or damaged")
    add("integers", np.ones((1, 2, 8, 8), np.int16), "type '<i2'")
    zero = samples.copy()
    zero[1] = 0
    add("zero", zero, "slice 1 is all zero")
    nan = samples.copy()
    nan[2, 3, 4, 5] = np.nan
    add("nan", nan, "slice 2 holds NaN or infinite")
    add("channels", np.ones((1, 6, 8, 8), np.float32), "16 channels")
    (folder / "hdf5.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    scans["hdf5"] = (folder / "hdf5.h5", "damaged or cut short")
    with h5py.File(folder / "nothing.h5", "w") as file:
        file["note"] = 1
    scans["nothing"] = (folder / "nothing.h5", "without a scan")
    return scans


def test_every_bad_scan_is_refused_by_name_and_cause(model_file: Path, tmp_path: Path, good: Path) -> None:
    for path, expected in broken_scans(tmp_path, good).values():
        result = cli("embed", model_file, path, "-o", tmp_path / "out.npy")
        assert result.returncode == 4, result.stderr
        assert str(path) in result.stderr
        assert expected in result.stderr
        assert not (tmp_path / "out.npy").exists()
        assert not (tmp_path / "out.json").exists()


def test_among_bad_scans_the_good_ones_are_still_written(model_file: Path, tmp_path: Path, good: Path) -> None:
    scans = [path for path, _ in broken_scans(tmp_path, good).values()]
    result = cli("embed", model_file, *scans[:4], good, *scans[4:], good, "-o", tmp_path / "out.npy")
    assert result.returncode == 4
    assert result.stderr.count("\n") == len(scans)
    expected = mriembed.Embedder.load(model_file).embed_kspace(np.load(good))
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), np.concatenate([expected, expected]))
    rows = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert [row["file"] for row in rows] == [str(good)] * 6


def test_scans_read_ahead_are_embedded_and_reported_in_their_turn(model_file: Path, tmp_path: Path) -> None:
    """Slices and files are read ahead; what comes out is what each file alone gives, in the order of the command."""
    rng = np.random.default_rng(1)

    def save(name: str, slices: int, coils: int) -> Path:
        shape = (slices, coils, 24, 20)
        np.save(tmp_path / name, (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64))
        return tmp_path / name

    def damage(name: str, index: int, value: complex) -> Path:
        path = save(name, 7, 9)
        samples = np.load(path)
        samples[index] = value
        np.save(path, samples)
        return path

    cut_short = save("cut.npy", 5, 9)
    cut_short.write_bytes(cut_short.read_bytes()[:-8])
    scans = {  # and what is wrong with them
        save("first.npy", 7, 9): "",
        damage("nan.npy", 1, np.nan): "slice 1 holds NaN or infinite",  # in the first of four batches
        save("second.npy", 1, 9): "",
        cut_short: "cut short or damaged",
        tmp_path / "absent.npy": "No such file",
        damage("zero.npy", 6, 0): "slice 6 is all zero",  # in the last
        save("third.npy", 1, 12): "",
        save("fourth.npy", 4, 8): "",
    }
    output = tmp_path / "out.npy"
    result = cli("embed", model_file, *scans, "-o", output, "--batch", 2)
    assert result.returncode == 4
    bad = {path: reason for path, reason in scans.items() if reason}
    messages = result.stderr.splitlines()
    assert len(messages) == len(bad)
    for message, (path, reason) in zip(messages, bad.items(), strict=True):
        assert message.startswith(f"mriembed_cli: error: {path}: ")
        assert reason in message

    good = [path for path in scans if path not in bad]
    alone = []
    for path in good:
        assert cli("embed", model_file, path, "-o", tmp_path / "alone.npy", "--batch", 2).returncode == 0
        alone.append(np.load(tmp_path / "alone.npy"))
    np.testing.assert_array_equal(np.load(output), np.concatenate(alone))
    rows = json.loads(output.with_suffix(".json").read_text())["rows"]
    expected = [(str(path), index) for path, part in zip(good, alone, strict=True) for index in range(len(part))]
    assert [(row["file"], row["slice"]) for row in rows] == expected


def test_too_few_coils_without_compression_are_a_bad_scan(tmp_path: Path, good: Path) -> None:
    mriembed.export_model(tmp_path / "m.pt", num_coils=12, coil_compression="none", embed_dim=8)
    assert_fails(cli("embed", tmp_path / "m.pt", good, "-o", tmp_path / "o.npy"), 4, "good.npy", "exactly 12 coils")


def test_a_failed_run_leaves_the_old_output(model_file: Path, tmp_path: Path, good: Path) -> None:
    output = tmp_path / "out.npy"
    assert cli("embed", model_file, good, "-o", output).returncode == 0
    before = output.read_bytes()
    assert cli("embed", model_file, tmp_path / "absent.npy", "-o", output).returncode == 4
    assert output.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.npy", "out.json", "out.npy"]


def test_every_output_format_holds_the_same_numbers(model_file: Path, tmp_path: Path, good: Path) -> None:
    expected = mriembed.Embedder.load(model_file).embed_kspace(np.load(good))
    for name in ("out.npy", "out.csv", "out.jsonl"):
        assert cli("embed", model_file, good, "-o", tmp_path / name).returncode == 0
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    values = [[float(value) for value in line.split(",")[-256:]] for line in lines[1:]]
    np.testing.assert_array_equal(np.array(values, np.float32), expected)
    printed = cli("embed", model_file, good, "-o", "-").stdout
    assert printed == (tmp_path / "out.jsonl").read_text()
    rows = [json.loads(line) for line in printed.splitlines()]
    np.testing.assert_array_equal(np.array([row["embedding"] for row in rows], np.float32), expected)
    assert [row["slice"] for row in rows] == [0, 1, 2]


def test_inspect_names_what_matters_of_a_raw_scan(phantom: Path) -> None:
    described = json.loads(cli("inspect", "--json", phantom).stdout)
    facts = ("format", "domain", "coils", "encoded_matrix", "readout_width", "slices", "noise_samples", "warnings")
    expected = ["MRD raw data", "kspace", 8, [128, 64, 1], 64, 3, 128, []]
    assert [described[fact] for fact in facts] == expected
    shown = inspected(phantom)
    assert shown["format"] == "MRD raw data"
    assert (shown["coils"], shown["slices"]) == ("8", "3")
    assert shown["matrix"].startswith("128 x 64 ")
    assert "64 pixels" in shown["readout oversampling"]
    assert "128 samples" in shown["noise measurement"]
    assert "prewhitening" in shown["noise measurement"]


def test_inspect_calls_a_real_array_network_input(tmp_path: Path) -> None:
    np.save(tmp_path / "scan.npy", np.ones((1, 4, 8, 8), np.float32))
    assert inspected(tmp_path / "scan.npy")["samples"] == "network input (magnitudes of images, then their real parts)"


def inspected(scan: Path) -> dict[str, str]:
    """The facts that `inspect` prints, by their names."""
    lines = cli("inspect", scan).stdout.splitlines()
    facts = [re.split(" {2,}", line.strip(), maxsplit=1) for line in lines if line.startswith("  ")]
    return {fact[0]: fact[1] for fact in facts if len(fact) == 2}


def undersampled_scan(path: Path, calibration_lines: int) -> Path:
    """Two repetitions, each with two shifted samplings that count as slices of their own."""
    generate = ["ismrmrd_generate_cartesian_shepp_logan", "-m", "64", "-c", "4", "-a", "2", "-r", "2"]
    subprocess.run([*generate, "-w", str(calibration_lines), "-o", path], check=True, stdout=subprocess.DEVNULL)
    return path


def test_undersampled_scans_without_calibration_lines_are_refused_unless_allowed(
    model_file: Path, tmp_path: Path
) -> None:
    scan = undersampled_scan(tmp_path / "undersampled.h5", 0)
    output = tmp_path / "out.npy"
    assert_fails(cli("embed", model_file, scan, "-o", output), 4, "undersampled", "--allow-undersampled")
    result = cli("embed", model_file, scan, "-o", output, "--allow-undersampled")
    assert result.returncode == 0, result.stderr
    assert len(np.load(output)) == 4
    assert [row["sampling"] for row in json.loads(output.with_suffix(".json").read_text())["rows"]] == [
        "zero-filled"
    ] * 4
    assert result.stderr.count("undersampled: missing lines are zero, or filled in as far as they can be") == 1
    assert "embed needs --allow-undersampled" in cli("inspect", scan).stdout


def test_accelerated_scans_with_calibration_lines_are_embedded_with_a_warning(model_file: Path, tmp_path: Path) -> None:
    scan = undersampled_scan(tmp_path / "accelerated.h5", 16)
    output = tmp_path / "out.npy"
    result = cli("embed", model_file, scan, "-o", output)
    assert result.returncode == 0, result.stderr
    warning = "accelerated: 40 of 64 lines were measured; the missing ones are filled in as far as they can be"
    assert result.stderr.count(warning) == 1
    assert len(np.load(output)) == 4
    rows = json.loads(output.with_suffix(".json").read_text())["rows"]
    assert all(warning in row["warnings"] for row in rows)
    assert [row["sampling"] for row in rows] == ["grappa 2"] * 4
    assert "--allow-undersampled" not in cli("inspect", scan).stdout


def test_bench_measures(model_file: Path) -> None:
    for options in (["--shape", "1,16,32,32"], ["--kspace", "--shape", "1,4,32,32"]):
        result = cli("bench", model_file, *options, "--repeats", "2", "--json")
        assert result.returncode == 0, result.stderr
        measured = json.loads(result.stdout)
        assert measured["shape"] == [int(length) for length in options[-1].split(",")]
        assert measured["repeats"] == 2
        assert measured["model_sha256"] == mriembed.read_description(model_file).weights_sha256
        assert 0 < measured["min_ms"] <= measured["median_ms"] <= measured["p90_ms"]
        assert measured["slices_per_second"] == pytest.approx(1000 / measured["median_ms"])


@pytest.mark.parametrize("backend", ["native", "torch"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_bench_and_verify_say_what_the_network_computes_in(model_file: Path, precision: str, backend: str) -> None:
    compute_dtype = Embedder.load(model_file, precision=precision, backend=backend).compute_dtype
    assert compute_dtype in ({precision} if backend == "torch" else {precision, "float32"})
    options = [model_file, "--precision", precision, "--backend", backend]
    small = ["--shape", "1,16,32,32", "--repeats", "1"]
    measured = json.loads(cli("bench", *options, *small, "--json").stdout)
    assert (measured["precision"], measured["compute_dtype"]) == (precision, compute_dtype)
    assert measured["backend"] == backend
    replaced = f"{precision} (computed in {compute_dtype}, which is faster on this processor)"
    for text in (cli("bench", *options, *small).stdout, cli("verify", *options).stdout):
        assert precision in text
        assert (replaced in text) == (compute_dtype != precision)
    exact = "largest difference at most 1e-5" in text
    assert exact == (compute_dtype == "float32")


@pytest.mark.parametrize("name", ["jemris_CS_slc30.h5", "simu_CS_slc30.h5", "simu_clean_slc30.h5"])
def test_measured_spiral_scans_are_refused_by_name(
    model_file: Path, shared_data: Path, tmp_path: Path, name: str
) -> None:
    scan = shared_data / "mrphysics-bonn-mrd" / name
    assert_fails(cli("embed", model_file, scan, "-o", tmp_path / "out.npy"), 4, name, "non-Cartesian")


@pytest.mark.parametrize("name", ["7T", "GE", "Prisma", "Skyra", "b0mapping"])
def test_measured_magnitude_images_are_refused_by_name(
    model_file: Path, shared_data: Path, tmp_path: Path, name: str
) -> None:
    scan = shared_data / "mrphysics-bonn-mrd" / f"img_{name}.h5"
    assert_fails(cli("embed", model_file, scan, "-o", tmp_path / "out.npy"), 4, scan.name, "magnitude images")


def test_inspect_describes_the_measured_scans(shared_data: Path) -> None:
    gre = inspected(shared_data / "twixtools-phantom-2ch/gre_2slices_os2.ismrmrd.h5")
    assert (gre["coils"], gre["slices"]) == ("2", "2")
    assert gre["matrix"].startswith("320 x 160 ")
    assert "160 pixels" in gre["readout oversampling"]
    skyra = inspected(shared_data / "pulseq-skyra-phantom-32ch/skyra_s1_6slices_32ch_noise_shuffled.ismrmrd.h5")
    assert (skyra["coils"], skyra["slices"]) == ("32", "6")
    assert "256 samples" in skyra["noise measurement"]
    fastmri = inspected(shared_data / "pulseq-skyra-phantom-32ch/skyra_s2_6scans_32ch.fastmri.h5")
    assert fastmri["format"].startswith("fastMRI")
    assert inspected(shared_data / "sigpy-brain-8ch-us/cartesian_ksp.cfl")["format"].startswith("BART")


@pytest.mark.parametrize(
    ("name", "options", "rows"),
    [
        ("pulseq-skyra-phantom-32ch/skyra_s2_6scans_32ch.fastmri.h5", [], 6),
        ("sigpy-brain-8ch-us/cartesian_ksp.cfl", [], 1),
        ("gpunufft-brain-t2-4ch/coil_images.npy", ["--input", "image"], 1),
        ("twixtools-phantom-2ch/v1_epi.npy", ["--readout-width", "100"], 1),
    ],
)
def test_measured_scans_of_every_format_give_one_row_a_slice(
    model_file: Path, shared_data: Path, tmp_path: Path, name: str, options: list[str], rows: int
) -> None:
    result = cli("embed", model_file, shared_data / name, "-o", tmp_path / "out.npy", "--table", *options)
    assert result.returncode == 0, result.stderr
    embeddings = np.load(tmp_path / "out.npy")
    assert embeddings.shape == (rows, 256)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_what_may_have_changed_an_embedding_is_said_once_and_stands_in_its_rows(
    model_file: Path, shared_data: Path, tmp_path: Path
) -> None:
    scan = shared_data / "reader-cases" / "partial-fourier-converter.h5"
    if not scan.exists():
        pytest.skip("the reader cases are not among the measured scans")
    result = cli("embed", model_file, scan, "-o", tmp_path / "rows.npy")
    assert result.returncode == 0
    [row] = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert any("idx.user[5] gives 16" in warning for warning in row["warnings"])
    for warning in row["warnings"]:
        assert result.stderr.count(f"{scan}: {warning}") == 1
    assert json.loads(cli("inspect", "--json", scan).stdout)["warnings"] == row["warnings"]


def test_measurements_of_a_file_are_all_embedded_or_one_by_name(
    model_file: Path, shared_data: Path, tmp_path: Path
) -> None:
    scan = shared_data / "reader-cases" / "two-measurements.h5"
    if not scan.exists():
        pytest.skip("the reader cases are not among the measured scans")
    for arguments, measurements in (([], [0, 1]), (["--group", "dataset_2"], [0])):
        assert cli("embed", model_file, scan, "-o", tmp_path / "rows.npy", *arguments).returncode == 0
        rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
        assert [row["measurement"] for row in rows] == measurements
    result = cli("embed", model_file, scan, "-o", tmp_path / "other.npy", "--group", "dataset_3")
    assert_fails(result, 4, 'no measurement "dataset_3"; it has dataset_1, dataset_2')


def test_options_for_kspace_are_refused_for_images(model_file: Path, good: Path, tmp_path: Path) -> None:
    for option, value in (("--readout-width", 10), ("--phase-height", 10), ("--pixel-aspect", 1.5)):
        result = cli("embed", model_file, good, "--input", "image", "-o", tmp_path / "rows.npy", option, value)
        assert_fails(result, 4, f"{option} ", "and this file holds images")
        assert cli("embed", model_file, good, "-o", tmp_path / "rows.npy", option, value).returncode == 0
