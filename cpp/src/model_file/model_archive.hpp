// A model file in memory: a TorchScript archive that carries mriembed.json, read as data.
#pragma once

#include <string>
#include <string_view>

#include "model_file/metadata.hpp"
#include "model_file/zip_archive.hpp"

namespace mriembed {

// Reads the whole file once, so that what is checked is what is loaded. In this order: seal and signatures, the
// archive's directory, mriembed.json. Runs nothing of the file. Neither copied nor moved: its parts refer to its bytes.
class ModelArchive {
 public:
  // Throws Error, naming the file: bad_model_file, and invalid_argument where a key of `trust` cannot be read.
  ModelArchive(const std::string& path, const Trust& trust);
  // Of a file that was read already; messages call it `path`.
  ModelArchive(std::string bytes, std::string path, const Trust& trust);
  ModelArchive(const ModelArchive&) = delete;
  ModelArchive& operator=(const ModelArchive&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }

  // The whole file.
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

  // The values of a weight that mriembed.json lists: float32, row-major, little-endian. Throws Error bad_model_file,
  // naming the file, where the archive holds no such bytes.
  [[nodiscard]] std::string_view weight(const std::string& name) const;

  // Throws Error bad_model_file, naming the file, where the weights have not the SHA-256 that mriembed.json states.
  void check_weights() const;

 private:
  std::string path_;
  std::string bytes_;
  ZipArchive records_;
  Metadata metadata_;
};

}  // namespace mriembed
