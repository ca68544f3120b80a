#include "model_file/metadata.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "mriembed/error.hpp"
#include "mriembed/version.h"
#include "preprocessing/preprocessing_version.hpp"

namespace {

using nlohmann::json;

json stage(const std::string& name, int inputs, json weights) {
  weights[name + ".convolution.weight"] = {{"record", "data/0"}, {"dtype", "float32"}, {"shape", {8, inputs, 3, 3}}};
  for (const char* part : {".convolution.bias", ".norm.weight", ".norm.bias"}) {
    weights[name + part] = {{"record", "data/1"}, {"dtype", "float32"}, {"shape", {8}}};
  }
  return weights;
}

json valid_network() {
  json weights = stage("model.stem", 2, json::object());
  for (const char* name : {"model.backbone.0", "model.backbone.1", "model.backbone.2", "model.backbone.3"}) {
    weights = stage(name, 8, weights);
  }
  weights["model.head.weight"] = {{"record", "data/2"}, {"dtype", "float32"}, {"shape", {2, 8}}};
  weights["model.head.bias"] = {{"record", "data/3"}, {"dtype", "float32"}, {"shape", {2}}};
  const json layers = json::parse(R"([
    {"kind": "convolution", "kernel": 3, "stride": 2, "padding": 1, "weight": "model.stem.convolution.weight",
     "bias": "model.stem.convolution.bias"},
    {"kind": "group_norm", "groups": 8, "epsilon": 1e-05, "weight": "model.stem.norm.weight",
     "bias": "model.stem.norm.bias"},
    {"kind": "unit_norm"}])");
  return {{"layers", layers}, {"weights", weights}};
}

json valid_description() {
  json description = json::parse(R"({
    "format": "mriembed model", "format_version": 2,
    "model": {"class": "MRIEmbeddingModel", "arguments": {"embed_dim": 2, "widths": [8, 8, 8, 8],
                "dropout": 0.0, "normalize": true, "use_mlp_head": false, "antialiased_stage": 0}, "in_channels": 2, "num_coils": 1,
              "embed_dim": 2, "parameters": 2586},
    "preprocessing": {"coil_compression": "pca", "matrix": null, "numbers": {
      "calibration_lines": 24, "echo_window": 48, "low_resolution": 20, "darkest_coils": 0.02, "darkest": 0.1,
      "least_energy": 1e-09}},
    "provenance": {"mriembed": "0.1.0", "torch": "2.13.0", "python": "3.11.7", "created": "2026-01-01T00:00:00+00:00",
                   "source_revision": "abc", "weights": "random, seed 0"},
    "weights_sha256": "00", "distances": null,
    "reference": {"kspace_shape": [1, 1, 1, 2], "kspace_real": [1, 2], "kspace_imag": [3, 4], "embedding": [0.5, 0.25]}
  })");
  description["preprocessing"]["version"] = mriembed::preprocessing_version;
  description["network"] = valid_network();
  return description;
}

std::string refusal_of(const json& description) {
  try {
    mriembed::parse_metadata(description.dump());
  } catch (const mriembed::Error& error) {
    EXPECT_EQ(error.code(), mriembed::ErrorCode::bad_model_file);
    return error.what();
  }
  return "accepted";
}

TEST(Metadata, gives_every_value_of_a_valid_description) {
  const mriembed::Metadata metadata = mriembed::parse_metadata(valid_description().dump());
  EXPECT_EQ(metadata.info.format_version, 2);
  EXPECT_EQ(metadata.info.num_coils, 1);
  EXPECT_EQ(metadata.info.in_channels, 2);
  EXPECT_EQ(metadata.info.embed_dim, 2);
  EXPECT_EQ(metadata.info.matrix, 0);
  EXPECT_EQ(json::parse(metadata.info.arguments)["widths"], json({8, 8, 8, 8}));
  EXPECT_EQ(metadata.arguments.widths, (std::array<std::int64_t, 4>{8, 8, 8, 8}));
  EXPECT_FALSE(metadata.arguments.use_mlp_head);
  EXPECT_EQ(metadata.info.weights_source, "random, seed 0");
  ASSERT_EQ(metadata.reference.kspace.size(), 2U);
  EXPECT_EQ(metadata.reference.kspace[1], std::complex<float>(2, 4));
  EXPECT_EQ(metadata.reference.embedding, (std::vector<float>{0.5F, 0.25F}));
}

TEST(Metadata, gives_the_layers_and_the_places_of_their_weights) {
  const mriembed::NetworkDescription network = mriembed::parse_metadata(valid_description().dump()).network;
  ASSERT_EQ(network.layers.size(), 3U);
  EXPECT_EQ(network.layers[0].kind, "convolution");
  EXPECT_EQ(network.layers[0].kernel, 3);
  EXPECT_EQ(network.layers[0].stride, 2);
  EXPECT_EQ(network.layers[0].padding, 1);
  EXPECT_EQ(network.layers[0].weight, "model.stem.convolution.weight");
  EXPECT_EQ(network.layers[1].groups, 8);
  EXPECT_EQ(network.layers[1].epsilon, 1e-5);
  EXPECT_EQ(network.layers[1].bias, "model.stem.norm.bias");
  EXPECT_EQ(network.layers[2].kind, "unit_norm");
  EXPECT_EQ(network.weights.size(), 22U);
  EXPECT_EQ(network.weights.at("model.head.weight").record, "data/2");
  EXPECT_EQ(network.weights.at("model.head.weight").dtype, "float32");
  EXPECT_EQ(network.weights.at("model.head.weight").shape, (std::vector<std::int64_t>{2, 8}));
}

TEST(Metadata, refuses_weights_that_are_not_those_of_the_arguments) {
  json description = valid_description();
  description["network"]["weights"]["model.head.weight"]["shape"] = {2, 9};
  EXPECT_EQ(
      refusal_of(description),
      "mriembed.json contradicts itself: the weights model.head.weight have the shape (2, 9); (2, 8) is that of its "
      "arguments");
  description = valid_description();
  description["network"]["weights"].erase("model.head.bias");
  EXPECT_EQ(refusal_of(description), "mriembed.json contradicts itself: the weights model.head.bias are missing");
  description = valid_description();
  description["network"]["weights"]["model.tail.bias"] = description["network"]["weights"]["model.head.bias"];
  EXPECT_NE(refusal_of(description).find("lists weights model.tail.bias"), std::string::npos);
  description = valid_description();
  description["model"]["parameters"] = 2585;
  EXPECT_EQ(refusal_of(description), "mriembed.json contradicts itself: it lists 2586 weights, described are 2585");
  description = valid_description();
  description["model"]["arguments"]["normalize"] = false;
  EXPECT_NE(refusal_of(description).find("whether it normalizes"), std::string::npos);
}

TEST(Metadata, refuses_layers_and_weights_of_sizes_that_make_no_sense) {
  const std::string start = "mriembed.json: ";
  const std::string right = " must be a whole number from 0 to 16777216";
  for (const json& size : {json(-1), json(1 << 25), json(1.5), json("3")}) {
    json description = valid_description();
    description["network"]["layers"][0]["stride"] = size;
    EXPECT_EQ(refusal_of(description), start + "stride of a layer" + right) << size;
    description = valid_description();
    description["network"]["weights"]["model.head.bias"]["shape"] = json::array({size});
    EXPECT_EQ(refusal_of(description), start + "the length of an axis of a weight" + right) << size;
  }
  json description = valid_description();
  description["network"]["layers"][1]["epsilon"] = -1;
  EXPECT_EQ(refusal_of(description), start + "epsilon of a layer is not positive");
  description = valid_description();
  description["network"]["layers"] = json::array();
  for (int layer = 0; layer < 257; ++layer) {
    description["network"]["layers"].push_back({{"kind", "gelu"}});
  }
  EXPECT_NE(refusal_of(description).find("its layers are not a list or its weights not an object"), std::string::npos);
}

TEST(Metadata, gives_what_distances_are_typical_of) {
  EXPECT_TRUE(mriembed::parse_metadata(valid_description().dump()).info.distances.kinds.empty());
  json description = valid_description();
  description["distances"] = json::parse(R"({
    "kinds": [{"name": "same slice", "deciles": [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09],
               "below_threshold": 0.75}],
    "threshold": 0.075, "source": "12 volumes"})");
  const mriembed::Distances found = mriembed::parse_metadata(description.dump()).info.distances;
  ASSERT_EQ(found.kinds.size(), 1U);
  EXPECT_EQ(found.kinds[0].name, "same slice");
  EXPECT_EQ(found.kinds[0].deciles.front(), 0.01);
  EXPECT_EQ(found.kinds[0].deciles.back(), 0.09);
  EXPECT_EQ(found.kinds[0].below_threshold, 0.75);
  EXPECT_EQ(found.threshold, 0.075);
  EXPECT_EQ(found.source, "12 volumes");
}

TEST(Metadata, refuses_distances_that_cannot_be) {
  json description = valid_description();
  description["distances"] = json::parse(R"({"kinds": [], "threshold": 0.1, "source": ""})");
  EXPECT_EQ(refusal_of(description), "mriembed.json: distances name no kinds of pairs");
  description["distances"]["kinds"] = json::parse(R"([{"name": "a", "deciles": [0.1], "below_threshold": 0.5}])");
  EXPECT_EQ(refusal_of(description), "mriembed.json: distances have not nine deciles for each kind of pair");
  description["distances"]["kinds"][0]["deciles"] = json::array({0, 0, 0, 0, 0, 0, 0, 0, 3});
  EXPECT_EQ(refusal_of(description), "mriembed.json: distances are not numbers from 0 to 2");
}

TEST(Metadata, names_an_unknown_format_version) {
  json description = valid_description();
  description["format_version"] = 7;
  EXPECT_EQ(refusal_of(description),
            "it has format version 7; this mriembed " MRIEMBED_VERSION " reads version 2; `mriembed export` writes it");
}

TEST(Metadata, names_an_unknown_preprocessing_version) {
  for (const int version : {0, mriembed::preprocessing_version - 1, mriembed::preprocessing_version + 1}) {
    json description = valid_description();
    description["preprocessing"]["version"] = version;
    EXPECT_EQ(refusal_of(description), "it follows preprocessing version " + std::to_string(version) +
                                           "; this mriembed " MRIEMBED_VERSION " knows version " +
                                           std::to_string(mriembed::preprocessing_version));
  }
}

TEST(Metadata, names_a_number_of_the_preprocessing_that_is_not_of_its_version) {
  json description = valid_description();
  description["preprocessing"]["numbers"]["echo_window"] = 47;
  const std::string refusal =
      "its preprocessing has other numbers than version " + std::to_string(mriembed::preprocessing_version);
  EXPECT_EQ(refusal_of(description), refusal + ": echo_window is 47");
  description = valid_description();
  description["preprocessing"]["numbers"]["darkest"] = "0.1";
  EXPECT_EQ(refusal_of(description), refusal + ": darkest is \"0.1\"");
  description["preprocessing"]["numbers"].erase("darkest");
  EXPECT_NE(refusal_of(description).find("is damaged"), std::string::npos);
}

TEST(Metadata, refuses_what_is_no_description_of_a_model) {
  EXPECT_NE(refusal_of(json::array()).find("does not describe"), std::string::npos);
  EXPECT_NE(refusal_of(json{{"format", "something else"}}).find("does not describe"), std::string::npos);
}

TEST(Metadata, refuses_text_that_is_no_json) {
  EXPECT_THROW(mriembed::parse_metadata("{\"format\": "), mriembed::Error);
  EXPECT_THROW(mriembed::parse_metadata(""), mriembed::Error);
}

TEST(Metadata, refuses_every_missing_member) {
  const json valid = valid_description();
  for (const auto& [section, members] : valid.items()) {
    json without_section = valid_description();
    without_section.erase(section);
    EXPECT_NE(refusal_of(without_section), "accepted") << section;
    if (!members.is_object()) {
      continue;
    }
    for (const auto& [member, value] : members.items()) {
      json without_member = valid_description();
      without_member[section].erase(member);
      EXPECT_NE(refusal_of(without_member), "accepted") << section << "." << member;
    }
  }
}

TEST(Metadata, refuses_every_member_of_another_type) {
  const json valid = valid_description();
  for (const auto& [section, members] : valid.items()) {
    if (!members.is_object()) {
      continue;
    }
    for (const auto& [member, value] : members.items()) {
      if (member == "arguments") {
        continue;  // kept as text, whatever it holds
      }
      json changed = valid_description();
      changed[section][member] = json{{"unexpected", true}};
      EXPECT_NE(refusal_of(changed), "accepted") << section << "." << member;
    }
  }
}

TEST(Metadata, refuses_channels_that_contradict_the_coils) {
  json description = valid_description();
  description["model"]["in_channels"] = 6;
  EXPECT_NE(refusal_of(description).find("contradicts itself"), std::string::npos);
}

TEST(Metadata, refuses_a_reference_whose_length_does_not_fit_its_shape) {
  json description = valid_description();
  description["reference"]["kspace_shape"] = {1, 4096, 4096, 4096};
  EXPECT_NE(refusal_of(description).find("where its shape says"), std::string::npos);
  description["reference"]["kspace_shape"] = {1, 1, 1, 2.1e79};  // beyond all integers; found by fuzzing
  EXPECT_NE(refusal_of(description).find("outside 1..4096"), std::string::npos);
  description["reference"]["kspace_shape"] = {1, 1, -1, 2};
  EXPECT_NE(refusal_of(description).find("outside 1.."), std::string::npos);
}

TEST(Metadata, refuses_a_reference_of_other_coils_than_are_taken) {
  json description = valid_description();
  description["preprocessing"]["coil_compression"] = "none";
  EXPECT_EQ(refusal_of(description), "accepted");
  description["reference"]["kspace_shape"] = {1, 2, 1, 1};
  EXPECT_EQ(refusal_of(description),
            "mriembed.json contradicts itself: without coil compression it takes 1 coils, but its reference has 2");
}

TEST(Metadata, names_a_network_that_it_does_not_know) {
  json description = valid_description();
  description["model"]["class"] = "Other";
  EXPECT_EQ(refusal_of(description),
            "its network is a \"Other\"; this mriembed " MRIEMBED_VERSION " knows MRIEmbeddingModel");
}

TEST(Metadata, refuses_a_matrix_that_no_other_size_in_the_file_bounds) {
  json description = valid_description();
  for (const std::int64_t matrix : {8, 96, 1024}) {
    description["preprocessing"]["matrix"] = matrix;
    EXPECT_EQ(mriembed::parse_metadata(description.dump()).info.matrix, matrix);
  }
  for (const std::int64_t matrix : {0, 7, 1025, 16384}) {
    description["preprocessing"]["matrix"] = matrix;
    EXPECT_EQ(refusal_of(description), "mriembed.json: matrix must lie in 8..1024, not " + std::to_string(matrix));
  }
}

TEST(Metadata, nested_deeply_or_of_any_length_is_refused) {
  const auto refusal_of_text = [](const std::string& text) -> std::string {
    try {
      mriembed::parse_metadata(text);
    } catch (const mriembed::Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(refusal_of_text(std::string(1U << 20U, '[')).find("nested deeper"), std::string::npos);
  EXPECT_NE(refusal_of_text(std::string((1U << 24U) + 1, ' ')).find("larger than any"), std::string::npos);
}

}  // namespace
