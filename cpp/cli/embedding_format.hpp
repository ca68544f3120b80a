// The bytes of each output format. Nothing here touches a file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/scan_reader.hpp"
#include "mriembed/scan_quality.hpp"

namespace mriembed::cli {

// Which model the embeddings come from.
struct ModelIdentity {
  std::string file;    // as named on the command line
  std::string sha256;  // of its weights
  std::int64_t embed_dim = 0;
};

// Where one embedding comes from.
struct EmbeddingSource {
  std::string file;        // as named on the command line
  io::HeaderFacts header;  // of its scan
  io::SliceLabel label;
  std::int64_t coils = 0;                  // physical coils
  double energy_kept = 1;                  // share of the slice's energy that the virtual coils keep
  std::string sampling = {};               // Sampling::text(); empty where it is not k-space
  std::vector<std::string> warnings = {};  // of its scan; in JSON, and only where there are any
  // Where the scan was checked; in JSON only.
  std::optional<SliceQuality> quality = std::nullopt;
  std::optional<std::vector<std::string>> findings = std::nullopt;  // of its measurement, where all of it is known
};

// Header of a .npy file (version 1.0) of float32, (rows, columns), C order. Always npy_header_size bytes, so that it
// can be rewritten once the number of rows is known.
constexpr std::size_t npy_header_size = 128;
std::string npy_header(std::int64_t rows, std::int64_t columns);

// The .json beside a .npy: json_beginning, json_entry for each row with ",\n" between them, json_end.
// File names that are not UTF-8 get U+FFFD where JSON could not hold them, here and in the other formats.
std::string json_beginning(const ModelIdentity& model);
std::string json_entry(const EmbeddingSource& source, const ModelIdentity& model);
std::string json_end();

// One line of a .jsonl file: json_entry's members, then "embedding", an array. Ends in a line break.
std::string json_line(const EmbeddingSource& source, const ModelIdentity& model, std::span<const float> embedding);

// First line of a .csv file and a line for each row (RFC 4180 quotes, line breaks "\n"): the members of json_entry,
// then the components e0, e1, ...
std::string csv_header(const ModelIdentity& model);
std::string csv_line(const EmbeddingSource& source, const ModelIdentity& model, std::span<const float> embedding);

}  // namespace mriembed::cli
