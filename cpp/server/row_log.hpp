// The rows of all sessions, in a file that grows while the service runs.
#pragma once

#include <mutex>
#include <span>
#include <string>

#include "cli/embedding_format.hpp"
#include "io/descriptor.hpp"
#include "server/row_sink.hpp"

namespace mriembed::server {

// From any thread. Each row is appended whole, behind what the file holds; one that does not find room leaves the file
// as it was. Where another file or none stands at the path, as rotation of logs leaves it, the next row goes there.
class RowLog final : public RowSink {
 public:
  // A file ending in .jsonl or .csv; a new .csv begins with its header line once a model is known. Throws Error
  // invalid_argument for another name or a file that cannot be written.
  explicit RowLog(const std::string& path);

  // Throws Error, which names the file, where the row cannot be written: internal, or invalid_argument where no file
  // can be opened at the path any more.
  void add(const cli::EmbeddingSource& source, const cli::ModelIdentity& model,
           std::span<const float> embedding) override;

 private:
  void open();
  [[nodiscard]] bool stands_at_path() const;
  void append(const std::string& bytes);

  std::string path_;
  bool csv_ = false;
  io::Descriptor file_{-1};
  std::mutex mutex_;
};

}  // namespace mriembed::server
