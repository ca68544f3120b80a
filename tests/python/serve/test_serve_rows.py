"""A scan that comes as a stream gives the rows that `embed` gives of its HDF5 file, bit for bit."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from epi_scan import SCANS, slice_of
from epi_scan import scan_of as echo_planar
from mrd_codec import (
    HEADER,
    NOISE,
    TEXT,
    acquisition,
    acquisition_head,
    acquisition_samples,
    config_file,
    text,
    waveform,
)
from raw_scan import RawScan, write_raw_scan
from scan_plan import Plan, plans, raw_scan
from scans_of_scanners import COURSES, Scan, scan, scan_of
from service import KEY, Service, embed, expect_rows, key_of, rows_of, run, send_scan
from test_random_scans import KINDS

COUNT = int(os.environ.get("MRIEMBED_RANDOM_SCANS", "60"))


def expect_those_of_embed(service: Service, model: Path, sent: Scan, path: Path, *options: object) -> None:
    expect_rows(send_scan(service, sent), embed(model, path, *options))


@pytest.mark.parametrize("name", COURSES)
def test_each_order_of_measuring_gives_the_rows_of_the_file(
    name: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES[name])
    expect_those_of_embed(service, model_file, sent, sent.write(tmp_path / "scan.h5"))


@pytest.mark.parametrize("part", [0.3, 0.55, 0.8, 0.97])
@pytest.mark.parametrize("name", COURSES)
def test_a_scan_that_is_stopped_gives_the_rows_of_the_file_that_ends_there(
    name: str, part: float, service: Service, model_file: Path, tmp_path: Path
) -> None:
    """Where `embed` refuses such a file, what was whole has been answered already."""
    whole = scan(COURSES[name])
    stopped = Scan(whole.xml, whole.lines[: int(part * len(whole.lines))])
    answers = send_scan(service, stopped)
    embedded = run("embed", model_file, stopped.write(tmp_path / "stopped.h5"), "-o", "-")
    if embedded.returncode == 0:
        expect_rows(answers, rows_of(embedded))
    else:
        found = {key_of(one) for one in answers.embeddings()}
        rows = embed(model_file, whole.write(tmp_path / "whole.h5"))
        expect_rows(answers, [row for row in rows if tuple(row[name] for name in KEY) in found])


def test_slices_are_answered_in_their_order(service: Service) -> None:
    answers = send_scan(service, scan(COURSES["slices"]))
    assert [key_of(found)[0] for found in answers.embeddings()] == [0, 1, 2]
    assert answers.texts_with("ERROR") == []


def without_limit_of_averages(measured: Scan) -> Scan:
    before, _, after = measured.xml.partition("<average>")
    return Scan(before + after.partition("</average>")[2], measured.lines)


def test_after_the_first_slice_the_service_knows_how_many_averages_follow(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    """Of the first slice, whose row holds one average, a WARNING tells; the other one has the row of the file."""
    silent = without_limit_of_averages(scan(COURSES["averages of each slice"]))
    answers = send_scan(service, silent)
    expected = embed(model_file, silent.write(tmp_path / "scan.h5"))
    first = Scan(silent.xml, [line for line in silent.of_slice(0) if acquisition_head(line)["idx"]["average"] == 0])
    (alone,) = embed(model_file, first.write(tmp_path / "first.h5"))
    assert [row["slice"] for row in expected] == [0, 1]
    expect_rows(answers, [alone, expected[1]])
    told = [line for line in answers.texts_with("WARNING") if "fewer averages than were measured" in line]
    assert len(told) == 1
    assert "slice 0" in told[0]


def test_a_slice_whose_averages_no_limit_tells_is_never_answered_wrong_in_silence(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    """The header does not say that the slice comes twice: either the service waits, or it says that more has come."""
    silent = without_limit_of_averages(scan(COURSES["averages of the scan"]))
    rows = embed(model_file, silent.write(tmp_path / "scan.h5"))
    answers = send_scan(service, silent)
    said = answers.texts_with("WARNING") + answers.texts_with("ERROR")
    if not any("slice" in line for line in said):
        expect_rows(answers, rows)


def as_measured(plan: Plan) -> RawScan:
    """The scan of a plan; noise lines come first also where it is shuffled: what comes later cannot whiten in time."""
    drawn = raw_scan(plan)
    drawn.readouts.sort(key=lambda readout: not readout.flags & NOISE)
    return drawn


@pytest.mark.parametrize("kind", KINDS)
def test_scans_with_one_peculiarity_give_the_rows_of_the_file(
    kind: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    write_raw_scan(tmp_path / "scan.h5", as_measured(KINDS[kind]))
    expect_those_of_embed(service, model_file, scan_of(tmp_path / "scan.h5"), tmp_path / "scan.h5")


@settings(
    max_examples=COUNT,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(plan=plans())
def test_random_scans_give_the_rows_of_the_file(plan: Plan, service: Service, model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "scan.h5"
    write_raw_scan(path, as_measured(plan))
    embedded = run("embed", model_file, path, "-o", "-")
    answers = send_scan(service, scan_of(path))
    if embedded.returncode == 0:
        expect_rows(answers, rows_of(embedded))
    else:
        assert answers.texts_with("ERROR")


@pytest.mark.parametrize("name", SCANS)
def test_echo_planar_scans_give_the_rows_of_the_file(
    name: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    write_raw_scan(tmp_path / "epi.h5", echo_planar(SCANS[name], slice_of()))
    expect_those_of_embed(service, model_file, scan_of(tmp_path / "epi.h5"), tmp_path / "epi.h5")


def test_the_debian_phantom_gives_the_rows_of_its_file(service: Service, model_file: Path, phantom: Path) -> None:
    rows = embed(model_file, phantom)
    assert [row["repetition"] for row in rows] == [0, 1, 2]
    expect_rows(send_scan(service, scan_of(phantom)), rows)


MEASURED = [
    "pulseq-skyra-phantom-32ch/skyra_s1_6slices_32ch_noise_shuffled.ismrmrd.h5",
    "reader-cases/asymmetric-echo.h5",
    "reader-cases/centre-sample-24.h5",
    "reader-cases/epi-discard.h5",
    "reader-cases/interpolated-recon.h5",
    "reader-cases/lower-resolution-recon.h5",
    "reader-cases/noise-discard.h5",
    "reader-cases/partial-fourier-converter.h5",
    "reader-cases/phase-oversampling.h5",
    "reader-cases/reversed-discard.h5",
    "reader-cases/step-1-centre-23.h5",
]


@pytest.mark.parametrize("name", MEASURED)
def test_measured_and_converted_scans_give_the_rows_of_their_files(
    name: str, service: Service, model_file: Path, shared_data: Path
) -> None:
    path = shared_data / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    expect_those_of_embed(service, model_file, scan_of(path), path)


@pytest.mark.parametrize("nul", [False, True])
def test_texts_end_with_a_zero_byte_or_not(nul: bool, service: Service, model_file: Path, tmp_path: Path) -> None:
    sent = scan(COURSES["noise"])
    with service.connect() as client:
        client.send(config_file("null"), text(sent.xml, HEADER, nul=nul), text('{"parameters": {}}', TEXT, nul=nul))
        client.send(sent.lines)
        expect_rows(client.finish(), embed(model_file, sent.write(tmp_path / "scan.h5")))


def test_waveforms_before_between_and_after_readouts_change_nothing(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES["slices"])
    beside = [waveform(5, 20), waveform(1, 0), waveform(0, 7), waveform(2, 65535)]
    lines = [*beside, *sent.lines[:9], *beside, *sent.lines[9:40], beside[0], *sent.lines[40:], *beside]
    answers = send_scan(service, Scan(sent.xml, lines))
    expect_rows(answers, embed(model_file, sent.write(tmp_path / "scan.h5")))
    assert answers.texts_with("ERROR") == []


def test_trajectories_before_samples_are_passed_over(service: Service, model_file: Path, tmp_path: Path) -> None:
    sent = scan(COURSES["slices"])
    lines = []
    for line in sent.lines:
        samples, head = acquisition_samples(line), acquisition_head(line)
        fields = {name: head["idx"][name] for name in ("kspace_encode_step_1", "slice")}
        lines.append(acquisition(samples, np.full((samples.shape[1], 3), 7, np.float32), flags=head["flags"], **fields))
    expect_rows(send_scan(service, Scan(sent.xml, lines)), embed(model_file, sent.write(tmp_path / "scan.h5")))


def test_bytes_that_come_one_by_one_give_the_rows_of_the_file(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES["noise"])
    session = config_file("openrecon") + sent.session()
    with service.connect() as client:
        for place in range(3000):  # the configuration, the header and the beginning of the noise
            client.send(session[place : place + 1])
        for place in range(3000, len(session), 997):
            client.send(session[place : place + 997])
        expect_rows(client.end(), embed(model_file, sent.write(tmp_path / "scan.h5")))


def test_sessions_at_the_same_time_give_each_its_own_rows(service: Service, model_file: Path, tmp_path: Path) -> None:
    scans = [scan(COURSES[name]) for name in ("slices", "calibration inside", "repetitions", "partial Fourier")]
    clients = [service.connect() for _ in scans]
    for client, sent in zip(clients, scans, strict=True):
        client.send(text(sent.xml, HEADER))
    for turn in range(max(len(sent.lines) for sent in scans)):
        for client, sent in zip(clients, scans, strict=True):
            client.send(sent.lines[turn : turn + 1])
    for client, sent in zip(clients, scans, strict=True):
        expect_rows(client.finish(), embed(model_file, sent.write(tmp_path / "scan.h5")))


def test_the_options_of_embed_give_the_rows_of_embed(model_file: Path, tmp_path: Path) -> None:
    sent = scan(COURSES["noise"])
    path = sent.write(tmp_path / "scan.h5")
    for options in (["--no-prewhiten"], ["--precision", "bfloat16"], ["--threads", "1"], ["--backend", "native"]):
        with Service(model_file, *options) as other:
            expect_rows(send_scan(other, sent), embed(model_file, path, *options))
