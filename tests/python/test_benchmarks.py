import argparse
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gpu_summary
import numpy as np
import pytest
import torch
from alternation import Task, times_of
from cases import network_input_shape
from eager_model import agreement
from gpu_peers import Candidate, host_to_host
from kspace_phantom import phantom_kspace
from peers import LAYOUTS
from real_time import REAL_TIME, before_other_work
from results import (
    DEVICE_COPY,
    NETWORK_ALONE,
    OWN,
    UPLOAD,
    Agreement,
    Case,
    Row,
    Run,
    Times,
    is_right,
    run_of,
    write_run,
)
from serve_load import SLICES, faults_of_rows
from summary import best_peer, geometric_mean, summarize

import mriembed
from mriembed import CoilPreprocessor
from mriembed.completion import complete_lines
from preprocessing_vectors import Vector, published_vectors
from reference import Reference, centred_fft2

WIDTHS = (32, 64, 128, 256)


def row(name: str, median_ms: float, agrees: bool = True) -> Row:
    return Row(name, Times(median_ms, median_ms, median_ms, median_ms), Agreement(agrees, 0.0, 1.0))


def network_case(shape: tuple[int, ...], precision: str, *rows: Row, threads: int = 2) -> Case:
    return Case("network input", shape, precision, threads, rows)


def test_geometric_mean_of_ratios() -> None:
    assert geometric_mean([0.5, 8.0]) == pytest.approx(2.0)


def test_best_peer_is_the_fastest_other_one_whose_embeddings_are_right() -> None:
    case = network_case(
        (1, 16, 8, 8),
        "float32",
        row(OWN, 2.0),
        row("wrong", 0.1, agrees=False),
        row("slow", 9.0),
        row("fast", 3.0),
        Row("absent", failed="not installed"),
        Row(NETWORK_ALONE, Times(0.5, 0.5, 0.5, 0.5)),
    )
    found = best_peer(case)
    assert found is not None
    assert (found.peer, found.ratio) == ("fast", 1.5)


def test_summary_states_means_smallest_ratios_and_the_share_of_the_network() -> None:
    cases = [
        network_case((1, 32, 256, 256), "float32", row(OWN, 5.0), row("peer", 20.0)),
        network_case((8, 32, 256, 256), "float32", row(OWN, 10.0), row("slow", 90.0), row("peer", 10.0)),
        network_case((8, 32, 256, 256), "bfloat16", row(OWN, 3.0), row("peer", 60.0)),
        Case("k-space", (1, 32, 256, 256), "float32", 2, (row(OWN, 8.0), row(NETWORK_ALONE, 5.0), row("peer", 16.0))),
    ]
    summary = summarize(cases)
    single, half = summary.precisions
    assert single.precision == "float32"
    assert single.geometric_mean == pytest.approx(2.0)
    assert single.smallest.ratio == 1.0
    assert single.smallest.case == "network input 8,32,256,256 float32, 2 threads"
    assert half.geometric_mean == pytest.approx(20.0)
    assert summary.kspace[0].coils == 32
    assert summary.kspace[0].embedding_to_network == pytest.approx(1.6)
    assert summary.kspace[0].best_peer is not None
    assert summary.kspace[0].best_peer.ratio == pytest.approx(2.0)


def test_summary_of_a_run_in_which_libmriembed_failed_is_empty() -> None:
    summary = summarize([network_case((1, 16, 8, 8), "float32", Row(OWN, failed="broken"), row("peer", 1.0))])
    assert summary.precisions == ()


def test_memory_traffic_of_the_network() -> None:
    model = mriembed.MRIEmbeddingModel().materialize(4)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    outputs = 32 * 25 * 17 + 32 * 13 * 9 + 64 * 7 * 5 + 128 * 4 * 3 + 256 * 2 * 2
    expected = 4 * 3 * 4 * 25 * 17 + 2 * 2 * 3 * outputs + 2 * parameters + 4 * 3 * 256
    assert gpu_summary.memory_traffic((3, 4, 25, 17), WIDTHS, 256, 2) == expected


def test_gpu_peers_get_the_input_and_give_the_embeddings_back() -> None:
    network_input = np.random.default_rng(3).normal(size=(3, 4, 8, 6)).astype(np.float32)
    networks = [Candidate(layout, layout, lambda images: images.mean((2, 3))) for layout in LAYOUTS]
    prepared = host_to_host(Task(Path("model.pt"), "float32", network_input, device="cpu"), networks)
    assert prepared.configuration.split(",")[0] in LAYOUTS
    np.testing.assert_allclose(prepared.call(), network_input.mean((2, 3)), rtol=0, atol=1e-6)


def test_only_what_was_measured_and_has_the_embeddings_of_the_reference_is_right() -> None:
    assert is_right(row(OWN, 1.0))
    assert not is_right(row(OWN, 1.0, agrees=False))
    assert not is_right(Row(OWN, failed="out of memory"))
    assert not is_right(None)


def test_timed_calls_have_real_time_priority_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def policies() -> set[int]:
        return {os.sched_getscheduler(int(thread.name)) for thread in Path("/proc/self/task").iterdir()}

    before = policies()
    with before_other_work():
        assert policies() == before
    monkeypatch.setenv(REAL_TIME, "1")
    try:
        with ThreadPoolExecutor(1) as other:
            other.submit(int).result()
            with before_other_work():
                assert policies() == {os.SCHED_FIFO}
    except PermissionError:
        pytest.skip("this process may not take real-time priority")
    assert policies() == {os.SCHED_OTHER}


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,4,5", "1,3,8,8", "0,2,8,8", "1,2,8,x", "1,2,8,", ""])
def test_a_shape_that_is_none_of_network_input_is_refused(text: str) -> None:
    assert network_input_shape("64,16,96,80") == (64, 16, 96, 80)
    with pytest.raises(argparse.ArgumentTypeError, match="expected slices,2 x coils,H,W"):
        network_input_shape(text)


def test_gpu_floor_is_traffic_at_copy_speed_and_the_upload_where_the_input_is_on_the_host() -> None:
    case = Case(
        "network input",
        (1, 32, 256, 256),
        "float32",
        0,
        (row(OWN, 4.0), row("peer", 6.0), row("peer, on device", 1.0), row(UPLOAD, 2.0), row(DEVICE_COPY, 1.0)),
    )
    (found,) = gpu_summary.summarize([case], WIDTHS, 256).cases
    own, host, device = found.rows
    assert found.device_gb_per_s == pytest.approx(2147.5, rel=1e-4)
    assert device.floor_ms == pytest.approx(found.traffic_bytes / 2**31)
    assert own.floor_ms == pytest.approx(device.floor_ms + 2.0)
    assert (own.to_own, host.to_own, device.to_own) == (None, 1.5, None)


def rows_of_sessions(vectors: np.ndarray, sessions: dict[str, list[int]]) -> list[str]:
    return [
        json.dumps({"file": name, "slice": index, "embedding": vectors[index].tolist()})
        for name, slices in sessions.items()
        for index in slices
    ]


def test_rows_of_the_load_are_counted_by_session_so_that_those_of_others_hide_no_loss() -> None:
    vectors = np.random.default_rng(0).standard_normal((SLICES, 4)).astype(np.float32)
    sessions = {"a": [0, 1, 2], "b": [2, 0, 1], "vanished": [0], "stalled": [0, 1, 2] * 5}
    rows = rows_of_sessions(vectors, sessions)
    assert faults_of_rows(rows, vectors.tobytes(), 2) == []
    assert len(faults_of_rows(rows[1:], vectors.tobytes(), 2)) == 1
    assert len(faults_of_rows([*rows, rows[0]], vectors.tobytes(), 2)) == 1
    swapped = vectors.copy()
    swapped[[0, 1]] = vectors[[1, 0]]
    other = [*rows[3:], *rows_of_sessions(swapped, {"a": [0, 1, 2]})]
    assert len(faults_of_rows(other, vectors.tobytes(), 2)) == 2


def test_times_are_milliseconds() -> None:
    assert times_of([0.001, 0.002, 0.003, 0.004, 0.005]) == Times(3.0, 2.0, 4.0, 1.0)


def test_agreement_is_exact_in_float32_and_of_direction_in_bfloat16() -> None:
    reference = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)
    near = reference + np.float32(1e-3)
    assert agreement(reference, reference, "float32").agrees
    assert not agreement(near, reference, "float32").agrees
    assert agreement(near, reference, "bfloat16").agrees
    assert not agreement(reference[::-1], reference, "bfloat16").agrees
    assert not agreement(np.full_like(reference, np.nan), reference, "bfloat16").agrees
    assert not agreement(reference[:1], reference, "float32").agrees


def test_results_survive_their_file(tmp_path: Path) -> None:
    case = network_case((1, 16, 8, 8), "float32", row(OWN, 2.0), Row("absent", failed="not installed"))
    run = Run("machine", "2026-01-31", {"torch": "2"}, 15, (case,))
    write_run(tmp_path / "results.json", run, summarize(run.cases))
    assert run_of(json.loads((tmp_path / "results.json").read_text())) == run


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("coils", "height", "width", "noise", "readout_width", "matrix"),
    [
        (20, 128, 128, False, None, None),
        (12, 31, 40, True, None, None),
        (9, 40, 51, True, 25, None),
        (3, 33, 64, False, 32, 48),
        (4, 64, 128, True, 64, 40),
        (5, 64, 96, False, 48, 40),
        (10, 64, 64, False, None, 48),
        (6, 45, 45, True, None, 32),
        (6, 40, 40, False, None, 40),
        (6, 32, 32, False, None, 45),
        (3, 60, 40, True, None, 30),
        (1, 40, 61, False, None, 31),
    ],
)
def test_numpy_preprocessing_follows_the_reference(
    coils: int, height: int, width: int, noise: bool, readout_width: int | None, matrix: int | None, threads: int
) -> None:
    pytest.importorskip("scipy", reason="SciPy is not installed; pip install '.[benchmark]' brings it")
    from numpy_preprocessing import NumPyPreprocessor

    kspace = np.concatenate([phantom_kspace(coils, height, width, seed) for seed in (0, 1, 2)])
    kspace = np.roll(kspace, (4, -3), axis=(2, 3))
    kspace *= np.array([1, 1e28, 1e-28], np.float32).reshape(3, 1, 1, 1)
    covariance = None
    if noise:
        rng = np.random.default_rng(7)
        samples = rng.normal(size=(coils, 40 * coils)) + 1j * rng.normal(size=(coils, 40 * coils))
        covariance = samples @ samples.conj().T
    found = NumPyPreprocessor(8, threads, matrix)(kspace, covariance, readout_width)
    for index, one in enumerate(kspace):
        expected, _ = Reference(8, "pca", matrix).from_kspace(one, covariance, readout_width)
        np.testing.assert_allclose(found[index], expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def is_benchmarked(case: Vector) -> bool:
    square = case.pixel_aspect == 1 and case.phase_height is None
    samples = torch.from_numpy(case.samples[None])
    filled = complete_lines(CoilPreprocessor(case.num_coils, case.compression), samples) is not samples
    return case.compression == "pca" and case.domain == "kspace" and square and not filled


@pytest.mark.parametrize("case", [case for case in published_vectors() if is_benchmarked(case)], ids=str)
def test_numpy_preprocessing_agrees_with_the_published_vectors(case: Vector) -> None:
    pytest.importorskip("scipy", reason="SciPy is not installed; pip install '.[benchmark]' brings it")
    from numpy_preprocessing import NumPyPreprocessor

    preprocess = NumPyPreprocessor(case.num_coils, 1, case.matrix)
    found = preprocess(case.samples[None], case.noise_covariance, case.readout_width)
    np.testing.assert_allclose(found[0], case.output, rtol=0, atol=1e-5 * np.abs(case.output).max())


def test_numpy_preprocessing_refuses_what_the_package_refuses() -> None:
    pytest.importorskip("scipy", reason="SciPy is not installed; pip install '.[benchmark]' brings it")
    from numpy_preprocessing import NumPyPreprocessor

    def refusal(kspace: np.ndarray, readout_width: int | None = None) -> str:
        with pytest.raises(ValueError, match="slice 0 ") as raised:
            NumPyPreprocessor(8, 1, 12)(kspace.astype(np.complex64), None, readout_width)
        with pytest.raises(ValueError, match="slice 0 ") as expected:
            mriembed.CoilPreprocessor(8, "pca", 12)(torch.from_numpy(kspace).to(torch.complex64), None, readout_width)
        assert str(raised.value) == str(expected.value)
        return str(raised.value)

    assert "all zero" in refusal(np.zeros((1, 2, 40, 40)))
    for fault in (np.nan, np.inf):
        kspace = phantom_kspace(2, 40, 40)
        kspace[0, 1, 0, 39] = fault  # a sample that the matrix does not keep
        assert "holds NaN or infinite samples" in refusal(kspace)
    beside = np.zeros((1, 2, 40, 80), complex)
    beside[0, :, :, 3:6] = 1
    assert "inside the cropped readout" in refusal(centred_fft2(beside), 40)
    edge = np.zeros((1, 2, 80, 80), complex)
    edge[0, :, 3, 3] = 1
    assert "inside the cropped matrix" in refusal(edge)
