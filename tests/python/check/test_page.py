"""The page of `mriembed check`: what its tables and pictures show, and what it never holds."""

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from check.check_scans import COILS, SIZE, faultless, join_measurements, write_scan
from check.page_content import curves_in, pictures_in, pixels_of, rows_in
from mriembed.check.drawings import found_coils, found_slices
from mriembed.check.limits_table import limit_rows
from mriembed.check.measurement import Measurement, measurement_of
from mriembed.check.page import ScanFiles, html_page
from mriembed.check.pictures import correlation_picture, image_picture, kspace_picture
from mriembed.check.tables import slice_rows
from mriembed.simulation.faults import FAULTS, RawSlices, with_fault
from program import PROGRAM


def measurements_of(*scans: Path, options: tuple[str, ...] = ()) -> list[Measurement]:
    command: list[str | Path] = [PROGRAM, "check", "--json", *options, *scans]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    return [measurement_of(line) for line in done.stdout.splitlines()]


def page_of(*scans: Path) -> str:
    return html_page(measurements_of(*scans), ScanFiles({str(scan): scan for scan in scans}))


def broken(fault: str, coil: int = 4, raw: RawSlices | None = None) -> RawSlices:
    """By draws with which each fault is found: pages show findings, and rates are measured elsewhere."""
    return with_fault(raw or faultless(), fault, np.random.default_rng(5), coil=coil).raw


def test_findings_come_first_and_the_coil_is_marked(tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan.h5", broken("noise x 10"))
    (measurement,) = measurements_of(scan)
    page = page_of(scan)
    assert page.index(measurement.findings[0].text.replace("'", "&#39;")) < page.index("<h3>Limits</h3>")
    coils = [(kind, cells) for kind, cells in rows_in(page) if cells[0].startswith("coil ")]
    assert [(kind, cells[0]) for kind, cells in coils if kind] == [("found", "coil 4")]
    assert len(coils) == COILS
    for (_, cells), coil in zip(coils, measurement.coils, strict=True):
        assert float(cells[1]) == pytest.approx(coil.noise, rel=5e-3)
        assert float(cells[2]) == pytest.approx(coil.signal, rel=5e-3)
        assert cells[6] == str(coil.clipped)
    assert page.index("image of coil 4") < page.index("<details") < page.index("image of coil 0")


def test_a_comparison_with_a_reference_is_on_the_page(tmp_path: Path) -> None:
    raw = faultless()
    assert raw.noise is not None
    first = write_scan(tmp_path / "first.h5", raw)
    command = [str(PROGRAM), "check", "--json", str(first)]
    reference = tmp_path / "reference.json"
    reference.write_text(subprocess.run(command, check=False, capture_output=True, text=True, timeout=120).stdout)
    scan = write_scan(tmp_path / "scan.h5", replace(raw, kspace=3 * raw.kspace, noise=3 * raw.noise))
    measurements = measurements_of(scan, options=(f"--reference={reference}",))
    page = html_page(measurements, ScanFiles({str(scan): scan}))
    assert "noise of all coils: 3.00 x the reference&#39;s (limit 1.50)" in page
    rows = [(kind, cells) for kind, cells in rows_in(page) if "reference" in cells[0]]
    assert [(kind == "found", cells[0].split(",")[0], cells[1]) for kind, cells in rows] == [
        (True, "noise of all coils", "3"),
        (False, "noise of all coils", "3"),
        (True, "noise of a coil", "3"),
        (False, "noise of a coil", "3"),
    ]
    assert not any("reference" in cells[0] for _, cells in rows_in(page_of(scan)))


def test_a_scan_without_findings_says_so_and_what_was_not_judged(tmp_path: Path) -> None:
    scan = tmp_path / "scan.npy"
    np.save(scan, faultless().kspace)
    page = page_of(scan)
    assert f"Nothing found in {COILS} coils, 2 slices." in page
    assert "Not judged" not in page
    assert 'class="found"' not in page
    assert 'class="coil found"' not in page
    assert "noise correlation matrix" not in page
    assert all(" estimated" in cells[1] for _, cells in rows_in(page) if cells[0].startswith("coil "))
    np.save(scan, faultless().kspace[:, :2])
    assert "coils against the array (less than 3)" in page_of(scan).split("Not judged: ")[1]


# Without a reference, in two slices of 64 samples that differ altogether.
NOT_FOUND = (
    "noise x 3 in all coils",
    "weak array",
    "failing between slices",
    "slow drift",
    "rotation",
    "displaced echo",
)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in NOT_FOUND])
def test_coils_and_slices_of_findings_are_those_the_program_names(fault: str, tmp_path: Path) -> None:
    for raw in (broken(fault), replace(broken(fault), noise=None)):
        (measurement,) = measurements_of(write_scan(tmp_path / "scan.h5", raw))
        assert measurement.findings or (fault == "correlated pair" and not measurement.noise_is_measured)
        text = "\n".join(finding.text for finding in measurement.findings)
        named = {int(number) for number in re.findall(r"coil (\d+)", text)}
        found = {measurement.coils[place].channel for place in found_coils(measurement)}
        assert found | set(measurement.dead_channels) == named
        assert set(found_slices(measurement)) == {int(number) for number in re.findall(r"slice (\d+)", text)}


def test_a_ghost_of_few_coils_is_shown_though_their_motion_is_not_judged(tmp_path: Path) -> None:
    (measurement,) = measurements_of(write_scan(tmp_path / "scan.h5", broken("ghost", coil=0, raw=faultless(coils=2))))
    rows = {row.cells[0]: row for row in limit_rows(measurement)}
    ghost = rows["phase between odd and even lines (rad)"]
    assert float(ghost.cells[1]) == pytest.approx(0.2, abs=0.02)
    assert ghost.is_found
    assert rows["sudden motion"].cells[1] == "not judged"
    for row in slice_rows(measurement, []):
        assert row.cells[4].endswith(" rad")
        assert row.cells[5] == "not judged"


def test_of_the_two_limits_of_spikes_the_one_that_is_exceeded_is_marked(tmp_path: Path) -> None:
    page = page_of(write_scan(tmp_path / "scan.h5", broken("spike")))
    (measurement,) = measurements_of(tmp_path / "scan.h5")
    by_power = max(one.spike.level for one in measurement.slices) > measurement.limits.spike
    by_residual = max(one.residual_spike.level for one in measurement.slices) > measurement.limits.residual_spike
    assert by_power or by_residual
    marked = {cells[0]: kind == "found" for kind, cells in rows_in(page) if cells[0].startswith("spike, x")}
    assert marked == {
        "spike, x the power around it": by_power,
        "spike, x what the lines beside it leave unexplained around it": by_residual,
    }


def test_the_worst_is_first(tmp_path: Path) -> None:
    raw = broken("noise x 3", coil=1, raw=broken("noise x 10", coil=3))
    (measurement,) = measurements_of(write_scan(tmp_path / "scan.h5", raw))
    assert found_coils(measurement) == [3, 1]
    mild = write_scan(tmp_path / "mild.h5", broken("noise x 3"))
    clean = write_scan(tmp_path / "clean.h5", faultless())
    page = page_of(clean, mild, tmp_path / "scan.h5")
    headings = re.findall(r"<h2>[^<]*/(\w+)\.h5</h2>", page)
    assert headings == ["scan", "mild", "clean"]


def test_a_peak_of_the_noise_spectrum_lies_at_the_tones_frequency(tmp_path: Path) -> None:
    raw = faultless()
    assert raw.noise is not None
    frequency = 0.21875  # a multiple of 1 / SIZE
    sd = float(np.sqrt(np.mean(np.abs(raw.noise[4]) ** 2)))
    tone = 20 * sd * np.exp(2j * np.pi * frequency * np.arange(SIZE))
    raw.kspace[:, 4] += tone.astype(np.complex64)
    page = page_of(write_scan(tmp_path / "scan.h5", raw))
    assert "interference at 0.22 of the readout&#39;s bandwidth" in page
    curves = curves_in(page, "coil 4")
    peak = curves["own"][curves["own"][:, 1].argmax()]
    assert peak[0] == pytest.approx(frequency, abs=0.5 / SIZE)
    others = curves["median"]
    assert peak[1] > others[:, 1].max()
    (line,) = set(re.findall(r'class="interference" x1="([\d.]+)"', page))
    assert float(line) / 256 - 0.5 == pytest.approx(frequency, abs=0.5 / SIZE)


def test_the_spectrum_is_that_of_numpy(tmp_path: Path) -> None:
    raw = broken("noise x 10")
    scan = write_scan(tmp_path / "scan.h5", raw)
    curve = curves_in(page_of(scan), "coil 4")
    outer = raw.kspace[:, :, [*range(17), *range(49, 64)]]  # of two lines as far from line 32, the first counts
    assert outer.shape[2] == SIZE // 2
    # A peak at f of exp(2 pi i f x) in the samples: the forward transform.
    power = np.mean(np.abs(np.fft.fftshift(np.fft.fft(outer, axis=-1), axes=-1)) ** 2, axis=(0, 2))
    decibels = 10 * np.log10(power[4])
    heights = curve["own"][:, 1]
    # The axis begins with -0.5 in NumPy and ends with +0.5 on the page, which is the same frequency.
    decibels = np.append(decibels[1:], decibels[0])
    slope, offset = np.polyfit(decibels, heights, 1)
    np.testing.assert_allclose(heights, slope * decibels + offset, atol=0.1)


def test_the_correlation_picture_marks_the_pair(tmp_path: Path) -> None:
    page = page_of(write_scan(tmp_path / "scan.h5", broken("correlated pair", coil=2)))
    pixels = pictures_in(page)["noise correlation matrix"].astype(int)
    assert pixels.shape == (COILS, COILS, 3)
    coloured = np.argwhere(pixels[..., 0] != pixels[..., 2])
    assert coloured.tolist() == [[2, 3], [3, 2]]
    assert (pixels[np.arange(COILS), np.arange(COILS)] == 255).all()


def test_a_spike_is_marked_and_stays_in_the_picture(tmp_path: Path) -> None:
    raw = faultless(1, size=200)  # pictures have one pixel for four samples
    peak = np.abs(raw.kspace[0]).max(axis=(1, 2))
    raw.kspace[0, :, 31, 160] += (0.5 * peak).astype(np.complex64)
    page = page_of(write_scan(tmp_path / "scan.h5", raw))
    assert "spike at line 31, sample 160" in page
    places = set(re.findall(r'class="spike" style="left: ([\d.]+)%; top: ([\d.]+)%"', page))
    assert places == {("80.25", "15.75")}
    pixels = pictures_in(page)["k-space of coil 0"].astype(int)
    assert pixels.shape == (100, 100)
    assert pixels[15, 80] > 200
    assert pixels[15, 80] > np.median(pixels[10:20, 70:90]) + 50


def test_pictures_show_what_they_are_made_of() -> None:
    image = np.zeros((10, 20), np.float32)
    image[2:4, 5:9] = 1
    picture = image_picture(image, pixel_aspect=2)
    assert (picture.width, picture.height) == (128, 128)
    np.testing.assert_array_equal(pixels_of(picture.uri) > 0, image > 0)
    kspace = np.ones((5, 7), np.complex64)
    kspace[3] = 0
    assert (pixels_of(kspace_picture(kspace).uri) == 0).all(axis=1).tolist() == [False, False, False, True, False]
    assert pixels_of(kspace_picture(0 * kspace).uri).max() == 0
    assert pixels_of(image_picture(np.zeros((300, 500), np.float32)).uri).shape == (100, 125)
    assert pixels_of(correlation_picture(np.eye(3), 0.5).uri).shape == (3, 3, 3)


def test_a_zero_coil_has_pictures_and_no_curve(tmp_path: Path) -> None:
    np.save(tmp_path / "scan.npy", broken("zero coil").kspace)
    page = page_of(tmp_path / "scan.npy")
    assert "own" not in curves_in(page, "coil 4")
    assert pictures_in(page)["image of coil 4"].max() == 0
    raw = broken("zero coil")
    page = page_of(write_scan(tmp_path / "scan.h5", raw))
    assert ("found", ["coil 4", "0 (dead)", "left out", "", "", "", ""]) in rows_in(page)


def test_slices_of_a_finding_are_marked_and_every_slice_has_its_figures(tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan.h5", broken("spike", raw=faultless(3)))
    (measurement,) = measurements_of(scan)
    slices = [(kind, cells) for kind, cells in rows_in(page_of(scan)) if cells[0].startswith("slice ")]
    found = [number for number, one in enumerate(measurement.slices) if one.spike.level > 40]
    assert len(found) == 1
    assert [kind == "found" for kind, _ in slices] == [number in found for number in range(3)]
    for (_, cells), one in zip(slices, measurement.slices, strict=True):
        assert cells[1:3] == [str(one.lines), str(one.measured_lines)]
        assert cells[3].endswith(f" at line {one.spike.y}, sample {one.spike.x}")
        assert cells[6] == f"{one.echo_y:+d} lines, {one.echo_x:+d} samples"


def test_each_measurement_of_a_file_has_its_own_samples(tmp_path: Path) -> None:
    """The second measurement has other slices, of another size: its tone must be on its spectrum."""
    first = write_scan(tmp_path / "first.h5", faultless(3))
    second = write_scan(tmp_path / "second.h5", broken("noise x 10", raw=faultless(1, size=80)))
    both = join_measurements(tmp_path / "both.h5", first, second)
    alone, together = page_of(second), page_of(both)
    assert f"{both}: measurement 1</h2>" in together
    marked = pictures_in(together.split("Coils of findings")[1].split("<details")[0])
    expected = pictures_in(alone.split("Coils of findings")[1].split("<details")[0])
    assert marked.keys() == expected.keys()
    for name, pixels in expected.items():
        np.testing.assert_array_equal(marked[name], pixels)


def test_names_are_escaped(tmp_path: Path) -> None:
    names = [f"H{number}" for number in range(COILS)]
    names[4] = "&lt;script&gt;alert(1)&lt;/script&gt;"
    scan = write_scan(tmp_path / "<i>&.h5", broken("noise x 10"), names)
    page = page_of(scan)
    assert "coil 4 (&lt;script&gt;alert(1)&lt;/script&gt;): noise" in page
    assert "<script" not in page
    assert "&lt;i&gt;&amp;.h5" in page
    assert "<i>" not in page


def test_the_page_needs_nothing_but_itself(tmp_path: Path) -> None:
    page = page_of(write_scan(tmp_path / "scan.h5", broken("RF tone")))
    assert "http" not in page
    for address in re.findall(r"""(?:src|href)\s*=\s*["']?([^"'\s>]*)""", page) + re.findall(r"url\(([^)]*)", page):
        assert address.startswith(("data:image/png;base64,", "#")), address
    assert "<script" not in page
    assert "@import" not in page
    assert "prefers-color-scheme: dark" in page
    assert max(max(pixels.shape[:2]) for pixels in pictures_in(page).values()) <= 128


def test_nothing_of_the_person_is_on_the_page(tmp_path: Path) -> None:
    import h5py

    scan = write_scan(tmp_path / "scan.h5", broken("noise x 10"))
    with h5py.File(scan, "r+") as file:
        text = file["dataset/xml"][0].decode()
        person = (
            "<subjectInformation><patientName>Jane Roe</patientName><patientID>4711-77</patientID></subjectInformation>"
            "<experimentalConditions>"
        )
        del file["dataset/xml"]
        text = text.replace("<experimentalConditions>", person, 1)
        file["dataset"].create_dataset("xml", data=np.array([text.encode()], h5py.string_dtype()), maxshape=(None,))
    page = page_of(scan)
    assert "image of coil 4" in page
    assert "Roe" not in page
    assert "4711-77" not in page


def test_a_page_of_32_coils_is_small_and_a_larger_array_shows_findings_and_the_median_coil(tmp_path: Path) -> None:
    raw = broken("noise x 10", raw=faultless(1, coils=32, size=128))
    page = page_of(write_scan(tmp_path / "scan.h5", raw))
    assert len(page) < 2e6
    assert sum(name.startswith("image of coil") for name in pictures_in(page)) == 32
    raw = broken("noise x 10", raw=faultless(1, coils=36))
    scan = write_scan(tmp_path / "scan.h5", raw)
    (measurement,) = measurements_of(scan)
    noise = [coil.noise for coil in measurement.coils]
    assert None not in noise
    median = sorted(value for value in noise if value is not None)[18]
    shown = [name for name in pictures_in(page_of(scan)) if name.startswith("image of coil")]
    assert shown == ["image of coil 4", f"image of coil {noise.index(median)}"]


def test_more_than_16_coils_of_findings_are_counted(tmp_path: Path) -> None:
    raw = broken("RF tone", raw=faultless(1, coils=36))  # its noise measurement correlates all coils
    page = page_of(write_scan(tmp_path / "scan.h5", raw))
    drawn = sum(name.startswith("image of coil") for name in pictures_in(page))
    assert 16 <= drawn <= 17
    assert f"{36 - drawn} more coils of findings are not drawn." in page


def test_many_scans_share_the_room_for_pictures(tmp_path: Path) -> None:
    scans = [write_scan(tmp_path / f"clean{number}.h5", faultless(1, coils=30)) for number in range(3)]
    page = page_of(*scans)
    assert page.count('alt="image of coil ') == 60
    assert page.count("Pictures are left out: other scans of this page have filled it.") == 1


def test_samples_that_cannot_be_read_again_leave_the_figures(tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan.h5", broken("noise x 10"))
    measurements = measurements_of(scan)
    np.save(tmp_path / "other.npy", np.ones((1, 3, 16, 16), np.complex64))
    for path, reason in (
        (tmp_path / "gone.h5", "the samples cannot be read: "),
        (tmp_path / "other.npy", f"slice 0 has 3 coils; it had {COILS} when it was checked"),
    ):
        page = html_page(measurements, ScanFiles({str(scan): path}))
        assert reason in page
        assert "<img" not in page
        assert "coil 4: noise" in page


@pytest.mark.parametrize("key", ["limits", "coils", "slices", "interference"])
def test_figures_that_the_program_adds_later_do_not_matter(key: str, tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan.h5", faultless(1))
    done = subprocess.run([PROGRAM, "check", "--json", scan], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    for entry in found[key] if isinstance(found[key], list) else [found[key]]:
        entry["new"] = 1
    assert measurement_of(json.dumps({**found, "new": 1})) == measurement_of(done.stdout)


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(BROWSER is None, reason="needs chromium or google-chrome")
@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_does_not_scroll_sideways(width: int, tmp_path: Path) -> None:
    names = ["a_coil_with_a_very_long_name_without_any_place_to_break_it_" * 2] * COILS
    scan = write_scan(tmp_path / ("long_name_" * 20 + ".h5"), broken("spike", raw=broken("noise x 10")), names)
    # A frame has the width that is asked of it; a window may have a least width.
    script = (
        "<script>addEventListener('load', () => parent.postMessage("
        "[innerWidth, document.scrollingElement.scrollWidth].join(' '), '*'))</script></body>"
    )
    text = page_of(scan).replace("<details>", "<details open>").replace("</body>", script)
    frame = (
        "<!doctype html><body><p id=result></p><script>addEventListener('message', event => "
        "{ document.getElementById('result').textContent = event.data; })</script>"
        f'<iframe width={width} height=800 style="border: 0" srcdoc="{html.escape(text)}"></iframe></body>'
    )
    (tmp_path / "frame.html").write_text(frame)
    assert BROWSER is not None
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=5000", "--window-size=1600,900", "--dump-dom", (tmp_path / "frame.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    found = re.search(r'<p id="result">(\d+) (\d+)</p>', done.stdout)
    assert found is not None
    assert int(found[1]) == width
    assert int(found[2]) <= width
