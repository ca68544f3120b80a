import base64
import copy
import json
import re
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

import mriembed
from mriembed.openrecon import label as label_module
from mriembed.openrecon.label import MIN_REQUIRED_MEMORY_MB, docker_label, openrecon_label

SCHEMA = json.loads(Path(label_module.__file__).with_name("label.schema.json").read_text(encoding="utf-8"))
fits_schema = fastjsonschema.compile(SCHEMA)


def test_the_label_fits_the_schema() -> None:
    fits_schema(openrecon_label())


def test_the_label_bears_the_version_of_the_package() -> None:
    general = openrecon_label()["general"]
    assert general["version"] == mriembed.__version__
    assert general["regulatory_information"]["production_identifier"] == mriembed.__version__


def test_the_label_asks_for_raw_data_gives_images_and_needs_no_gpu() -> None:
    reconstruction = openrecon_label()["reconstruction"]
    assert (reconstruction["emitter"], reconstruction["injector"]) == ("raw", "image")
    assert reconstruction["can_use_gpu"] is False
    assert not {"min_count_required_gpus", "min_required_gpu_memory"} & reconstruction.keys()


def test_the_label_asks_for_the_coils_and_readouts_as_measured() -> None:
    reconstruction = openrecon_label()["reconstruction"]
    assert reconstruction["channel_compression"] == {"require_state": "off"}
    assert reconstruction["require_readout_filter_off"] is True


def test_the_label_claims_research_and_no_diagnostic_use() -> None:
    label = openrecon_label()
    assert label["reconstruction"]["content_qualification_type"] == "RESEARCH"
    assert "Not for diagnostic use." in label["general"]["regulatory_information"]["safety_advices"]


def test_the_memory_figure_stands_once_and_was_measured() -> None:
    template = Path(label_module.__file__).with_name("label.json").read_text(encoding="utf-8")
    assert "min_required_memory" not in template
    assert openrecon_label()["reconstruction"]["min_required_memory"] == MIN_REQUIRED_MEMORY_MB
    assert MIN_REQUIRED_MEMORY_MB > 0, "label.py: MIN_REQUIRED_MEMORY_MB waits for a measurement"


def test_choices_have_a_default_that_is_one_of_their_values() -> None:
    parameters = openrecon_label()["parameters"]
    assert [parameter["id"] for parameter in parameters] == ["config", "return"]
    for parameter in parameters:
        values = [value["id"] for value in parameter["values"]]
        assert parameter["default"] in values
        assert len(set(values)) == len(values)


def test_docker_label_is_the_key_and_the_base64_of_the_label() -> None:
    key, _, value = docker_label().partition("=")
    assert key == "com.siemens-healthineers.magneticresonance.openrecon.metadata:1.1.0"
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", value)
    assert json.loads(base64.b64decode(value, validate=True).decode("utf-8")) == openrecon_label()


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The label with one member replaced, or removed where `value` is None."""
    label = copy.deepcopy(openrecon_label())
    place: Any = label
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return label


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("general", "name", "en"), None),
        (("general", "regulatory_information", "udi"), None),
        (("general", "version"), "1.0"),
        (("general", "homepage"), "https://example.org"),
        (("reconstruction", "transfer_protocol", "version"), "2.0"),
        (("reconstruction", "port"), "9002"),
        (("reconstruction", "emitter"), "both"),
        (("reconstruction", "injector"), "none"),
        (("reconstruction", "can_use_gpu"), None),
        (("reconstruction", "min_required_memory"), None),
        (("reconstruction", "min_required_memory"), -1),
        (("reconstruction", "min_count_required_cpu_cores"), 0),
        (("reconstruction", "channel_compression", "require_number_target_channels"), 0),
        (("parameters", 0, "id"), "allow_undersampled"),
        (("parameters", 0, "values"), []),
        (("parameters", 0, "type"), "list"),
        (("parameters",), None),
        (("preconditions",), []),
    ],
)
def test_the_schema_refuses_what_a_host_refuses(path: tuple[str | int, ...], value: object) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        fits_schema(changed(path, value))


@pytest.mark.parametrize("parameters", [14, 15])
def test_the_schema_allows_14_parameters(parameters: int) -> None:
    switch = {"type": "boolean", "label": {"en": "Switch"}, "default": False}
    label = openrecon_label() | {"parameters": [switch | {"id": f"switch{number}"} for number in range(parameters)]}
    if parameters <= 14:
        fits_schema(label)
    else:
        with pytest.raises(fastjsonschema.JsonSchemaException):
            fits_schema(label)
