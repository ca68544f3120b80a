"""Noise that is measured in a session of its own whitens the scans that name it, now and after a restart."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from mrd_client import Answers
from mrd_codec import CONFIG_TEXT, HEADER, config_file, text
from scans_of_scanners import COURSES, Kspace, Scan, noise_line, noise_samples, scan
from service import Row, Service, embed, expect_rows, run, send_scan

NOISE = noise_samples(7, samples=400)
OTHER_NOISE = noise_samples(8, samples=400, level=3)
QUERY = """<?xml version="1.0" encoding="UTF-8"?>
<gadgetronStreamConfiguration xsi:schemaLocation="http://gadgetron.sf.net/gadgetron gadgetron.xsd"
    xmlns="http://gadgetron.sf.net/gadgetron" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <writer><slot>1019</slot><dll>gadgetron_mricore</dll><classname>DependencyQueryWriter</classname></writer>
  <gadget><name>NoiseSummary</name><dll>gadgetron_mricore</dll><classname>NoiseSummaryGadget</classname>
    <property><name>noise_file</name><value>{}</value></property>
  </gadget>
</gadgetronStreamConfiguration>
"""


def noise_scan(measurement: str, samples: Kspace = NOISE) -> Scan:
    """Of noise lines alone, as adjustment data come."""
    lines = [noise_line(np.ascontiguousarray(part)) for part in np.split(samples, 4, axis=1)]
    return Scan(scan(COURSES["slices"], measurement=measurement).xml, lines)


def send_noise(service: Service, measurement: str, samples: Kspace = NOISE) -> Answers:
    sent = noise_scan(measurement, samples)
    with service.connect() as client:
        client.send(config_file("default_measurement_dependencies.xml"), text(sent.xml, HEADER), sent.lines)
        answers = client.finish()
    assert answers.images == []
    assert answers.texts_with("ERROR") == []
    return answers


def depending(noise: str, measurement: str = "") -> Scan:
    return scan(COURSES["slices"], measurement=measurement, noise=noise)


def whitened_rows(model: Path, folder: Path, samples: Kspace = NOISE) -> list[Row]:
    noise = noise_scan("n", samples).write(folder / "noise.h5")
    return embed(model, scan(COURSES["slices"]).write(folder / "scan.h5"), "--noise", noise)


def prewhitened(answers: Answers) -> set[str]:
    return {found.meta["mriembed_prewhitened"][0] for found in answers.embeddings()}


def test_a_scan_is_whitened_by_the_measurement_that_it_names(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    send_noise(service, "66056_1_2_16")
    send_noise(service, "66056_1_2_17", OTHER_NOISE)
    for measurement, samples in (("66056_1_2_16", NOISE), ("66056_1_2_17", OTHER_NOISE)):
        answers = send_scan(service, depending(measurement))
        expect_rows(answers, whitened_rows(model_file, tmp_path, samples))
        assert prewhitened(answers) == {measurement}
        assert answers.texts_with("WARNING") == []


def test_noise_that_is_sent_from_a_file_serves_later_scans(service: Service, model_file: Path, tmp_path: Path) -> None:
    path = noise_scan("from a file").write(tmp_path / "sent.h5")
    sent = run("send", path, "{}:{}".format(*service.address))
    assert sent.returncode == 0, sent.stderr
    assert b"error" not in sent.stderr
    expect_rows(send_scan(service, depending("from a file")), whitened_rows(model_file, tmp_path))


def test_whitening_changes_the_rows(model_file: Path, tmp_path: Path) -> None:
    plain = embed(model_file, scan(COURSES["slices"]).write(tmp_path / "plain.h5"))
    for row, other in zip(plain, whitened_rows(model_file, tmp_path), strict=True):
        assert row["embedding"] != other["embedding"]


def test_later_noise_of_the_same_name_takes_the_place_of_the_earlier(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    send_noise(service, "again")
    send_noise(service, "again", OTHER_NOISE)
    expect_rows(send_scan(service, depending("again")), whitened_rows(model_file, tmp_path, OTHER_NOISE))


def test_a_scan_that_names_unknown_noise_is_embedded_and_the_noise_is_named(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    answers = send_scan(service, depending("never seen"))
    expect_rows(answers, embed(model_file, scan(COURSES["slices"]).write(tmp_path / "scan.h5")))
    assert prewhitened(answers) == {"no"}
    assert any("never seen" in line for line in answers.texts), answers.texts


def test_own_noise_lines_are_taken_before_those_of_another_measurement(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    send_noise(service, "other", OTHER_NOISE)
    sent = scan(COURSES["noise"], noise="other")
    answers = send_scan(service, sent)
    expect_rows(answers, embed(model_file, sent.write(tmp_path / "scan.h5")))
    assert prewhitened(answers) == {"own"}


def test_noise_lines_of_a_scan_serve_the_scans_that_name_it(service: Service, model_file: Path, tmp_path: Path) -> None:
    sent = scan(COURSES["noise"], measurement="with image")
    send_scan(service, sent)
    answers = send_scan(service, depending("with image"))
    path = sent.write(tmp_path / "with.h5")
    expect_rows(answers, embed(model_file, scan(COURSES["slices"]).write(tmp_path / "scan.h5"), "--noise", path))
    assert prewhitened(answers) == {"with image"}


def test_noise_of_other_coils_is_not_taken(service: Service, model_file: Path, tmp_path: Path) -> None:
    send_noise(service, "eight coils", noise_samples(3, coils=8, samples=400))
    answers = send_scan(service, depending("eight coils"))
    assert any("eight coils" in line for line in answers.texts), answers.texts
    if answers.images:
        expect_rows(answers, embed(model_file, scan(COURSES["slices"]).write(tmp_path / "scan.h5")))
        assert prewhitened(answers) == {"no"}


def named(sent: Scan, names: Iterable[str]) -> Scan:
    labels = "".join(
        f"<coilLabel><coilNumber>{number}</coilNumber><coilName>{name}</coilName></coilLabel>"
        for number, name in enumerate(names)
    )
    system = f"<acquisitionSystemInformation>{labels}</acquisitionSystemInformation>"
    return Scan(sent.xml.replace("<experimentalConditions>", f"{system}<experimentalConditions>", 1), sent.lines)


def test_noise_serves_the_coils_that_it_names(model_file: Path, tmp_path: Path) -> None:
    """In any order, and over a restart; noise of another array leaves the scan as it is."""
    store = tmp_path / "store"
    with Service(model_file, "--noise-store", store) as first, first.connect() as client:
        sent = named(noise_scan("named", NOISE[[3, 1, 0, 2]]), "DBAC")
        client.send(text(sent.xml, HEADER), sent.lines)
        client.finish()
    with Service(model_file, "--noise-store", store) as second:
        answers = send_scan(second, named(depending("named"), "ABCD"))
        expect_rows(answers, whitened_rows(model_file, tmp_path))
        assert answers.texts_with("WARNING") == []
        answers = send_scan(second, named(depending("named"), "ABCE"))
        expect_rows(answers, embed(model_file, scan(COURSES["slices"]).write(tmp_path / "scan.h5")))
        assert prewhitened(answers) == {"no"}
        assert any("of other coils" in line for line in answers.texts_with("WARNING")), answers.texts


def test_data_that_the_scanner_has_prewhitened_are_not_whitened_again(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES["noise"])
    answers = send_scan(service, sent, text('{"parameters": {"prewhiten": "already"}}'))
    expect_rows(answers, embed(model_file, sent.write(tmp_path / "scan.h5"), "--no-prewhiten"))
    assert "own" not in prewhitened(answers)


def test_without_prewhitening_noise_is_ignored(model_file: Path, tmp_path: Path) -> None:
    plain = embed(model_file, scan(COURSES["slices"]).write(tmp_path / "scan.h5"))
    with Service(model_file, "--no-prewhiten") as other:
        send_noise(other, "kept")
        answers = send_scan(other, depending("kept"))
        expect_rows(answers, plain)
        assert prewhitened(answers) == {"no"}


def test_noise_that_cannot_serve_is_not_kept(service: Service, model_file: Path, tmp_path: Path) -> None:
    """Fewer samples than coils: no covariance."""
    sent = noise_scan("few", NOISE[:, :4])
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), [noise_line(np.ascontiguousarray(NOISE[:, :3]))])
        client.finish()
    answers = send_scan(service, depending("few"))
    if answers.images:
        expect_rows(answers, embed(model_file, scan(COURSES["slices"]).write(tmp_path / "scan.h5")))
    assert any("few" in line for line in answers.texts), answers.texts


def test_the_store_keeps_noise_over_a_restart(model_file: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    names = ["66056_1_2_16", "../../escaped", "a/b", "\u00e4 %s \u2603", "x" * 200, ".", "CON"]
    with Service(model_file, "--noise-store", store) as first:
        for name in names:
            send_noise(first, name)
    kept = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {store}
    rows = whitened_rows(model_file, tmp_path)
    with Service(model_file, "--noise-store", store) as second:
        for name in names:
            answers = send_scan(second, depending(name))
            expect_rows(answers, rows)
            assert prewhitened(answers) == {name}
    assert sorted(path.name for path in store.iterdir()) == kept


def test_a_damaged_store_costs_noise_and_nothing_else(model_file: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with Service(model_file, "--noise-store", store) as first:
        send_noise(first, "n1")
        send_noise(first, "n2")
    plain = embed(model_file, scan(COURSES["slices"]).write(tmp_path / "scan.h5"))
    for content in (b"", b"\0" * 100, b"\xff" * 5000):
        for path in store.iterdir():
            path.write_bytes(content)
        with Service(model_file, "--noise-store", store) as second:
            answers = send_scan(second, depending("n1"))
            expect_rows(answers, plain)
            assert any("n1" in line for line in answers.texts), answers.texts


def test_much_noise_takes_bounded_memory(model_file: Path) -> None:
    """500 measurements of 64 coils are 32 MB of complex doubles; the newest still serve."""
    random = np.random.default_rng(0)
    template = scan(COURSES["slices"], measurement="NAME").xml
    with Service(model_file) as other:
        send_noise(other, "first")
        before = other.memory("VmRSS")
        for number in range(500):
            drawn = random.standard_normal((2, 64, 80))
            xml = template.replace("NAME", f"m{number}")
            with other.connect() as client:
                client.send(text(xml, HEADER), noise_line(np.asarray(drawn[0] + 1j * drawn[1], np.complex64)))
                client.finish()
        assert other.memory("VmRSS") - before < 24 * 1024
        send_noise(other, "last")
        assert prewhitened(send_scan(other, depending("last"))) == {"last"}


# Gadgetron's client asks before it sends: only a configuration, no header.


def ask(service: Service, configuration: str | Iterable[str]) -> Answers:
    with service.connect() as client:
        client.send(text(str(configuration), CONFIG_TEXT))
        return client.finish()


@pytest.mark.parametrize("prefix", ["", "GadgetronNoiseCovarianceMatrix_"])
def test_the_query_for_noise_tells_its_levels(prefix: str, service: Service) -> None:
    send_noise(service, "asked")
    samples = NOISE.astype(np.complex128)
    sigma = np.sqrt((np.abs(samples) ** 2).sum(1) / (samples.shape[1] - 1))
    (found,) = ask(service, QUERY.format(prefix + "asked")).dependencies
    assert found["status"] == ["success"]
    assert found["channels"] == ["4"]
    assert float(found["min_sigma"][0]) == pytest.approx(sigma.min(), rel=1e-3)
    assert float(found["max_sigma"][0]) == pytest.approx(sigma.max(), rel=1e-3)
    assert float(found["mean_sigma"][0]) == pytest.approx(sigma.mean(), rel=1e-3)
    assert float(found["noise_dwell_time_us"][0]) == pytest.approx(5, rel=1e-3)


@pytest.mark.parametrize("name", ["nobody", "", "&lt;a&gt;", "../../etc/passwd"])
def test_the_query_for_unknown_noise_fails_and_the_session_is_closed(name: str, service: Service) -> None:
    answers = ask(service, QUERY.format(name))
    assert [found["status"] for found in answers.dependencies] == [["failed"]]
    assert answers.closed
