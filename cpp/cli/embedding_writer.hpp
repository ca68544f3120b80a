// Writes embeddings to where the user wants them.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "cli/embedding_format.hpp"

namespace mriembed::cli {

enum class OutputFormat { npy, csv, jsonl, standard_output };

// Where the embeddings go, checked before any work is done.
struct OutputTarget {
  std::string path;
  OutputFormat format = OutputFormat::standard_output;

  // From the argument of -o: a file ending in .npy, .csv or .jsonl, or "-". Throws Error (invalid_argument) for any
  // other ending, a folder that does not exist or cannot be written to, and a target that is no regular file.
  static OutputTarget parse(const std::string& path);

  // The .json beside a .npy; empty for the other formats.
  [[nodiscard]] std::string sidecar() const;
};

// Takes rows in their final order. Files appear under their names in finish() only; without it, what was there before
// stays. Standard output gets its rows at once. Throws Error (internal) that names the output.
class EmbeddingWriter {
 public:
  virtual ~EmbeddingWriter() = default;
  EmbeddingWriter() = default;
  EmbeddingWriter(const EmbeddingWriter&) = delete;
  EmbeddingWriter& operator=(const EmbeddingWriter&) = delete;

  // One row; the embedding has the model's embed_dim components.
  virtual void add(const EmbeddingSource& source, std::span<const float> embedding) = 0;

  // Everything is on the disk, then renamed; of a pair the .json first, so that a .npy never changes before the .json
  // that describes it.
  virtual void finish() = 0;
};

std::unique_ptr<EmbeddingWriter> open_writer(const OutputTarget& target, const ModelIdentity& model);

}  // namespace mriembed::cli
