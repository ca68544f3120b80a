#include "cli/embedding_format.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace {

using mriembed::cli::EmbeddingSource;
using mriembed::cli::ModelIdentity;
using Json = nlohmann::json;

const ModelIdentity model{"model.pt", std::string(64, 'a'), 3};

EmbeddingSource source(std::string file) {
  EmbeddingSource made;
  made.file = std::move(file);
  made.label = {.slice = 3, .contrast = 1, .phase = 2, .repetition = 4, .set = 5, .partition = 6};
  made.coils = 20;
  made.energy_kept = 0.1;
  made.sampling = "grappa 2, partial 6/8";
  return made;
}

// Splits one line by RFC 4180.
std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t index = 0; index < line.size(); ++index) {
    const char character = line[index];
    if (character == '"' && quoted && index + 1 < line.size() && line[index + 1] == '"') {
      fields.back() += '"';
      ++index;
    } else if (character == '"') {
      quoted = !quoted;
    } else if (character == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += character;
    }
  }
  return fields;
}

TEST(NpyHeader, has_its_fixed_size_for_any_shape) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(mriembed::cli::npy_header(0, 1).size(), mriembed::cli::npy_header_size);
  const std::string header = mriembed::cli::npy_header(most, most);
  EXPECT_EQ(header.size(), mriembed::cli::npy_header_size);
  EXPECT_NE(header.find("(9223372036854775807, 9223372036854775807), }"), std::string::npos);
}

TEST(JsonEntry, names_everything_of_a_row) {
  const Json entry = Json::parse(mriembed::cli::json_entry(source("a/b.h5"), model));
  const Json expected = {{"file", "a/b.h5"},
                         {"slice", 3},
                         {"contrast", 1},
                         {"phase", 2},
                         {"repetition", 4},
                         {"set", 5},
                         {"partition", 6},
                         {"measurement", 0},
                         {"coils", 20},
                         {"energy_kept", 0.1},
                         {"sampling", "grappa 2, partial 6/8"},
                         {"model_sha256", model.sha256}};
  EXPECT_EQ(entry, expected);
}

TEST(JsonEntry, tells_scanner_and_sequence_where_the_header_does) {
  EmbeddingSource made = source("a.h5");
  made.header.protocol = "t1";
  made.header.te_ms = {2.5};
  made.header.coil_names = {"HEA1"};
  const Json entry = Json::parse(mriembed::cli::json_entry(made, model));
  EXPECT_EQ(entry["header"], (Json{{"protocol", "t1"}, {"te_ms", {2.5}}}));
}

TEST(JsonEntry, replaces_what_is_not_utf8_in_a_file_name) {
  const Json entry = Json::parse(mriembed::cli::json_entry(source("scan\xff.h5"), model));
  EXPECT_EQ(entry["file"], "scan\xef\xbf\xbd.h5");
}

TEST(JsonLine, gives_back_every_float_exactly) {
  std::mt19937 generator(1);  // NOLINT(bugprone-random-generator-seed): the same numbers on every run
  std::normal_distribution<float> normal(0, 0.1F);
  std::vector<float> embedding(1000);
  for (float& component : embedding) {
    component = normal(generator);
  }
  embedding[0] = std::numeric_limits<float>::denorm_min();
  embedding[1] = std::numeric_limits<float>::max();
  embedding[2] = -0.0F;
  const std::string line = mriembed::cli::json_line(source("a.h5"), model, embedding);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const Json parsed = Json::parse(line);
  EXPECT_EQ(parsed["embedding"].get<std::vector<float>>(), embedding);
  EXPECT_TRUE(std::signbit(parsed["embedding"][2].get<float>()));
  EXPECT_EQ(parsed["slice"], 3);
}

TEST(JsonEntry, holds_the_warnings_of_a_scan_where_there_are_any) {
  EXPECT_FALSE(Json::parse(mriembed::cli::json_entry(source("a.h5"), model)).contains("warnings"));
  EmbeddingSource warned = source("a.h5");
  warned.warnings = {"one", "two"};
  EXPECT_EQ(Json::parse(mriembed::cli::json_entry(warned, model))["warnings"], Json::array({"one", "two"}));
}

TEST(CsvLine, has_the_fields_that_the_header_names) {
  const std::array<float, 3> embedding{0.1F, -1e-20F, 1.0F / 3};
  std::string header = mriembed::cli::csv_header(model);
  std::string line = mriembed::cli::csv_line(source("a.h5"), model, embedding);
  ASSERT_EQ(header.back(), '\n');
  ASSERT_EQ(line.back(), '\n');
  header.pop_back();
  line.pop_back();
  const auto names = csv_fields(header);
  const auto fields = csv_fields(line);
  ASSERT_EQ(names.size(), 15U);
  ASSERT_EQ(fields.size(), names.size());
  EXPECT_EQ(names[0], "file");
  EXPECT_EQ(names[9], "energy_kept");
  EXPECT_EQ(names[10], "sampling");
  EXPECT_EQ(names[14], "e2");
  EXPECT_EQ(fields[0], "a.h5");
  EXPECT_EQ(fields[1], "3");
  EXPECT_EQ(fields[8], "20");
  EXPECT_EQ(fields[9], "0.1");
  EXPECT_EQ(fields[10], "grappa 2, partial 6/8");
  EXPECT_EQ(fields[11], model.sha256);
  for (std::size_t component = 0; component < embedding.size(); ++component) {
    EXPECT_EQ(std::strtof(fields[12 + component].c_str(), nullptr), embedding[component]);
  }
}

TEST(CsvLine, quotes_file_names_that_need_it) {
  const std::array<float, 3> embedding{};
  const std::string line = mriembed::cli::csv_line(source("a, \"b\".h5"), model, embedding);
  EXPECT_EQ(line.rfind("\"a, \"\"b\"\".h5\",3,", 0), 0U) << line;
  EXPECT_EQ(csv_fields(line)[0], "a, \"b\".h5");
}

TEST(CsvLine, replaces_what_is_not_utf8_in_a_file_name) {
  const std::array<float, 3> embedding{};
  EXPECT_EQ(csv_fields(mriembed::cli::csv_line(source("\xc3.h5"), model, embedding))[0], "\xef\xbf\xbd.h5");
}

}  // namespace
