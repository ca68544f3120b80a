// Where the rows of all sessions go.
#pragma once

#include <span>

#include "cli/embedding_format.hpp"

namespace mriembed::server {

// From any thread.
class RowSink {
 public:
  RowSink() = default;
  virtual ~RowSink() = default;
  RowSink(const RowSink&) = delete;
  RowSink& operator=(const RowSink&) = delete;

  // Throws Error where the row cannot be written.
  virtual void add(const cli::EmbeddingSource& source, const cli::ModelIdentity& model,
                   std::span<const float> embedding) = 0;
};

}  // namespace mriembed::server
