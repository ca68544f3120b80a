"""What stands in the answers: geometry, Meta, the RSS images, and what `--return` and JSON parameters choose."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

import mriembed
from mrd_client import Answers
from mrd_codec import (
    CLOSE,
    CONFIG_FILE,
    CONFIG_TEXT,
    HEADER,
    LAST_IN_SLICE,
    TEXT,
    acquisition,
    acquisition_head,
    acquisition_samples,
    config_file,
    image,
    text,
    waveform,
)
from scans_of_scanners import COILS, COURSES, FIELD, LINES, PARTITIONS, WIDTH, Course, Scan, header, scan
from service import Service, embed, expect_rows, run, send_scan

RSS = 1  # the series of images; 100 is that of the embeddings


@pytest.fixture(scope="module")
def answers(service: Service) -> Answers:
    return send_scan(service, scan(COURSES["slices"]))


def test_an_embedding_lies_in_a_row_of_pixels(answers: Answers) -> None:
    for found in answers.images:
        head = found.head
        assert (head["data_type"], head["image_type"], head["channels"]) == (5, 1, 1)
        assert head["matrix_size"].tolist() == [256, 1, 1]
        assert head["image_series_index"] == 100
        assert np.linalg.norm(found.pixels.astype(np.float64)) == pytest.approx(1, abs=1e-5)


def test_an_answer_has_the_place_and_time_of_the_first_line_of_its_slice(answers: Answers) -> None:
    sent = scan(COURSES["slices"])
    for index, found in enumerate(answers.images):
        first = acquisition_head(sent.of_slice(index)[0])
        for name in ("position", "read_dir", "phase_dir", "slice_dir", "patient_table_position"):
            np.testing.assert_array_equal(found.head[name], first[name])
        assert found.head["acquisition_time_stamp"] == first["acquisition_time_stamp"] > 0
        assert found.head["physiology_time_stamp"].tolist() == first["physiology_time_stamp"].tolist()


def test_the_meta_says_what_the_host_and_what_scripts_ask(answers: Answers, model_file: Path) -> None:
    for found in answers.images:
        meta = found.meta
        assert meta["DataRole"] == ["Quantitative"]
        assert meta["Keep_image_geometry"] == ["1"]
        assert meta["ImageProcessingHistory"] == ["mriembed"]
        for name in ("ImageComments", "ImageComment", "SeriesDescription", "SequenceDescriptionAdditional"):
            assert meta[name]
            assert all(meta[name])
        assert re.fullmatch(r"-?\d+", meta["WindowCenter"][0])
        assert int(meta["WindowWidth"][0]) > 0
        assert base64.b64decode(meta["mriembed_vector_base64"][0], validate=True) == found.pixels.tobytes()
        assert meta["mriembed_version"] == [mriembed.__version__]
        assert meta["mriembed_model_sha256"] == [mriembed.read_description(model_file).weights_sha256]
        assert meta["mriembed_prewhitened"] == ["no"]
        assert meta["mriembed_partition"] == ["0"]


def test_directions_that_the_client_leaves_zero_come_back_as_unit_vectors(service: Service) -> None:
    sent = scan(Course(counts=(("slice", 1),)))
    lines = [
        acquisition(
            acquisition_samples(line),
            kspace_encode_step_1=acquisition_head(line)["idx"]["kspace_encode_step_1"],
            read_dir=(0, 0, 0),
            phase_dir=(0, 0, 0),
            slice_dir=(0, 0, 0),
        )
        for line in sent.lines
    ]
    found = send_scan(service, Scan(sent.xml, lines))
    assert len(found.images) == 1
    found.check_own_images()


def rss_of(sent: Scan, index: int) -> np.ndarray:
    """(y, x): root of the sum of squares over coils, of the middle half of the readout's field of view."""
    kspace = np.zeros((COILS, LINES, WIDTH), np.complex128)
    for line in sent.of_slice(index):
        kspace[:, acquisition_head(line)["idx"]["kspace_encode_step_1"]] = acquisition_samples(line)
    coils = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, (1, 2)), norm="ortho"), (1, 2))
    return np.asarray(np.sqrt((np.abs(coils) ** 2).sum(0))[:, WIDTH // 4 : 3 * WIDTH // 4])


def expect_rss_images(found: Answers, sent: Scan, count: int) -> None:
    images = found.series(RSS)
    assert [int(one.head["slice"]) for one in images] == list(range(count))
    for index, one in enumerate(images):
        assert one.head["matrix_size"].tolist() == [WIDTH // 2, LINES, 1]
        np.testing.assert_allclose(one.head["field_of_view"], [FIELD, FIELD, 5], rtol=1e-6)
        np.testing.assert_array_equal(one.head["position"], acquisition_head(sent.of_slice(index)[0])["position"])
        assert (one.head["data_type"], one.head["image_type"], one.head["channels"]) == (5, 1, 1)
        assert one.meta["Keep_image_geometry"] == ["1"]
        pixels, expected = one.pixels[0, 0].astype(np.float64), rss_of(sent, index)
        scale = (pixels * expected).sum() / (expected * expected).sum()
        assert scale > 0
        assert np.abs(pixels / scale - expected).max() < 1e-3 * expected.max()


def test_the_images_of_a_slab_are_as_thick_as_its_partitions(service: Service) -> None:
    found = send_scan(service, scan(COURSES["partitions"]), text('{"return": "both"}'))
    found.check_own_images()
    assert len(found.images) == 2 * PARTITIONS
    for one in found.images:
        assert one.head["field_of_view"].tolist() == [FIELD, FIELD, 5]  # of a slab of 5 mm times its partitions


@pytest.mark.parametrize(
    ("kind", "embeddings", "images"), [("embedding", 3, 0), ("images", 0, 3), ("both", 3, 3), ("none", 0, 0)]
)
@pytest.mark.parametrize("by", ["option", "parameters", "members", "configuration"])
def test_the_option_and_the_parameters_choose_what_comes_back(
    by: str, kind: str, embeddings: int, images: int, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES["slices"])
    if by == "option":
        with Service(model_file, "--return", kind) as other:
            found = send_scan(other, sent)
    else:
        chosen = {"return": kind}
        content = {"version": "1.1.0", "parameters": chosen | {"config": "openrecon"}} if by == "parameters" else chosen
        json_text = json.dumps(content)
        if by == "configuration":
            with service.connect() as client:
                client.send(text(json_text, CONFIG_TEXT), text(sent.xml, HEADER), sent.lines)
                found = client.finish()
        else:
            found = send_scan(service, sent, text(json_text, nul=True))
    found.check_own_images()
    assert (len(found.embeddings()), len(found.series(RSS))) == (embeddings, images)
    assert found.texts_with("ERROR") == []
    if embeddings:
        expect_rows(found, embed(model_file, sent.write(tmp_path / "scan.h5")))
    if images:
        expect_rss_images(found, sent, images)


@pytest.mark.parametrize("gain", [1e25, 1e-25])
def test_images_of_loud_and_of_quiet_data_are_those_of_others(gain: float, service: Service) -> None:
    sent = scan(COURSES["slices"])
    lines = [line[:342] + (acquisition_samples(line) * np.complex64(gain)).tobytes() for line in sent.lines]
    found = send_scan(service, Scan(sent.xml, lines), text('{"return": "images"}'))
    found.check_own_images()
    expect_rss_images(found, sent, 3)


@pytest.mark.parametrize("gain", [1e30, 1e38])
def test_images_are_finite_also_where_a_sample_is_not_like_the_others(gain: float, service: Service) -> None:
    """A spike, in the middle slice of three."""
    sent = scan(COURSES["slices"])
    samples = acquisition_samples(sent.lines[40]).copy()
    samples[0, 5] = gain
    lines = [*sent.lines[:40], sent.lines[40][:342] + samples.tobytes(), *sent.lines[41:]]
    found = send_scan(service, Scan(sent.xml, lines), text('{"return": "images"}'))
    assert len(found.series(RSS)) >= 2
    found.check_own_images()


ROWS, COLUMNS = 96, 64  # of the phantom that is measured with fewer lines


def phantom_kspace() -> np.ndarray:
    """(coils, y, x), readout oversampled twofold: an ellipse around a rod and a hole, nothing in the lower third."""
    y, x = np.meshgrid(np.linspace(-1, 1, ROWS), np.linspace(-1, 1, COLUMNS), indexing="ij")
    picture = np.where((x / 0.7) ** 2 + ((y + 0.4) / 0.5) ** 2 < 1, 1.0, 0)
    picture += 2.0 * ((x - 0.2) ** 2 + (y + 0.55) ** 2 < 0.01) - 0.8 * ((x + 0.3) ** 2 + (y + 0.3) ** 2 < 0.02)
    angles = 2 * np.pi * np.arange(8) / 8
    seen = [
        picture * np.exp(-((x - 1.2 * np.cos(a)) ** 2 + (y - 1.2 * np.sin(a)) ** 2) / 1.5 + 1j * (a + 0.5 * x * y))
        for a in angles
    ]
    wide = np.pad(np.stack(seen), ((0, 0), (0, 0), (COLUMNS // 2, COLUMNS // 2)))
    samples = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(wide, (1, 2)), norm="ortho"), (1, 2))
    drawn = np.random.default_rng(2).standard_normal((2, *samples.shape))
    return np.asarray(samples + 0.003 * (drawn[0] + 1j * drawn[1]), np.complex64)


def rss_of_kspace(kspace: np.ndarray) -> np.ndarray:
    coils = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace.astype(np.complex128), (1, 2)), norm="ortho"), (1, 2))
    return np.asarray(np.sqrt((np.abs(coils) ** 2).sum(0))[:, COLUMNS // 2 : 3 * COLUMNS // 2])


def phantom_scan(kspace: np.ndarray, measured: list[int], acceleration: int) -> Scan:
    xml = header(
        {"kspace_encoding_step_1": (0, ROWS - 1, ROWS // 2)},
        matrix=(2 * COLUMNS, ROWS, 1),
        recon=(COLUMNS, ROWS, 1),
        acceleration=acceleration,
    )
    flags = dict.fromkeys(measured, 0) | {measured[-1]: LAST_IN_SLICE}
    return Scan(xml, [acquisition(kspace[:, y], flags=flags[y], kspace_encode_step_1=y) for y in measured])


def relative_error(found: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, float]:
    """The image at the scale of the expected one, and the root mean square of their difference over that one's."""
    scaled = found * (found * expected).sum() / (found * found).sum()
    return scaled, float(np.linalg.norm(scaled - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("acceleration", [2, 3])
def test_images_of_accelerated_slices_are_those_of_all_lines(acceleration: int, service: Service) -> None:
    kspace = phantom_kspace()
    expected = rss_of_kspace(kspace)
    middle = ROWS // 2
    measured = [y for y in range(ROWS) if (y - middle) % acceleration == 0 or -12 <= y - middle < 12]
    answers = send_scan(service, phantom_scan(kspace, measured, acceleration), text('{"return": "both"}'))
    (embedding,), (image_of_slice,) = answers.embeddings(), answers.series(RSS)
    assert embedding.meta["mriembed_sampling"] == [f"grappa {acceleration}"]
    found, error = relative_error(image_of_slice.pixels[0, 0].astype(np.float64), expected)
    folded = kspace.copy()
    folded[:, [y for y in range(ROWS) if y not in measured]] = 0
    zero_filled, error_of_zeros = relative_error(rss_of_kspace(folded), expected)
    assert error < 0.03 < 0.1 < error_of_zeros
    empty = slice(ROWS - ROWS // 4, ROWS)  # where the phantom folds over to: nothing but noise lies there
    noise, folded_over, remains = (np.linalg.norm(picture[empty]) for picture in (expected, zero_filled, found))
    assert remains < 1.5 * noise < 4 * noise < folded_over


def test_the_next_session_has_the_options_again(service: Service) -> None:
    sent = scan(COURSES["slices"])
    assert send_scan(service, sent, text('{"return": "none"}')).images == []
    assert len(send_scan(service, sent).embeddings()) == 3


@pytest.mark.parametrize("allowed", [True, "True", "true", 1, "1"])
def test_parameters_allow_undersampled_slices(
    allowed: object, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(Course(acceleration=2))
    refused = send_scan(service, sent)
    assert refused.images == []
    assert any("undersampled" in line for line in refused.texts_with("ERROR"))
    answered = send_scan(service, sent, text(json.dumps({"parameters": {"allow_undersampled": allowed}})))
    expect_rows(answered, embed(model_file, sent.write(tmp_path / "scan.h5"), "--allow-undersampled"))


def test_the_option_allows_undersampled_slices(model_file: Path, tmp_path: Path) -> None:
    sent = scan(Course(acceleration=2))
    with Service(model_file, "--allow-undersampled") as other:
        expect_rows(send_scan(other, sent), embed(model_file, sent.write(tmp_path / "s.h5"), "--allow-undersampled"))


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        "[1, 2]",
        '{"parameters": 3}',
        '{"other": [{"a": null}]}',
        "{",
        '{"return": "jpeg"}',
        "[" * 5000,
        '"\\ud800"',
    ],
)
def test_texts_that_hold_no_parameters_cost_no_row(
    content: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES["slices"])
    expect_rows(send_scan(service, sent, text(content)), embed(model_file, sent.write(tmp_path / "scan.h5")))


def test_a_parameter_that_cannot_be_followed_is_named(service: Service) -> None:
    answered = send_scan(service, scan(COURSES["slices"]), text('{"return": "jpeg"}'))
    assert any("jpeg" in line for line in answered.texts_with("WARNING") + answered.texts_with("ERROR"))


def test_the_tap_gives_every_message_back_unchanged(model_file: Path) -> None:
    sent = scan(COURSES["calibration inside"])
    pixels = np.arange(24, dtype=np.float32).reshape(2, 1, 3, 4)
    middle = [waveform(2, 9, scan_counter=3), image(pixels, b"<ismrmrdMeta></ismrmrdMeta>\0", image_series_index=7)]
    data = [*sent.lines[:30], *middle, *sent.lines[30:], text("INFO    of the client")]
    with Service(model_file, "--return", "tap") as other, other.connect() as client:
        client.send(config_file("default.xml"), text(sent.xml, HEADER), data)
        found = client.finish()
    passed = [
        answer.number.to_bytes(2, "little") + answer.body
        for answer in found.messages
        if answer.number not in (CONFIG_FILE, CONFIG_TEXT, HEADER, TEXT, CLOSE)
    ]
    assert passed == data[:-1]
    assert found.messages[-1].number == CLOSE


def test_the_tap_can_be_pinged(model_file: Path) -> None:
    with Service(model_file, "--return", "tap") as other:
        host, port = other.address
        assert run("ping", f"{host}:{port}").returncode == 0


def test_the_tap_writes_rows_too(model_file: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    with Service(model_file, "--return", "tap", "--out", rows) as other:
        send_scan(other, scan(COURSES["slices"]))
    assert len(rows.read_text().splitlines()) == 3
