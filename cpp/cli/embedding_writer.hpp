// Embeddings as files: .npy with a .json beside it, .csv, .jsonl, or JSON lines on standard output.
#pragma once

#include <string>
#include <vector>

#include "slice_embedding.hpp"

namespace mriembed::cli {

// Every row says: file, slice, contrast, phase, repetition, set, partition, coils, energy_kept, weights_sha256 (of the
// model). The same scan, model and machine give the same bytes: no times and no dates.
class EmbeddingWriter {
 public:
  // Checks that `path` can be written before any work is done, and that it is none of `inputs`, which writing would
  // destroy. Throws Error invalid_argument.
  EmbeddingWriter(std::string path, const std::vector<std::string>& inputs);

  // Writes all rows. Where the output is two files, the .json is put in place first: who sees the .npy has both.
  // Throws Error internal where writing fails; what was there before stays.
  void write(const std::vector<EmbeddedSlice>& rows, const std::string& weights_sha256) const;

  // The files that write() makes; "standard output" for `-`.
  [[nodiscard]] std::vector<std::string> outputs() const;

 private:
  enum class Format { npy, csv, json_lines, standard_output };
  std::string path_;
  Format format_ = Format::npy;
};

}  // namespace mriembed::cli
