// The network of a model file, ready to run.
#pragma once

#include <cstdint>

#include "mriembed/embedder.hpp"
#include "threads/executor.hpp"

namespace mriembed {

// Const functions may run in many threads at once.
class Network {
 public:
  Network() = default;
  virtual ~Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // Whether it runs on the library's own kernels.
  [[nodiscard]] virtual bool native() const noexcept = 0;

  // What it computes in.
  [[nodiscard]] virtual Precision compute_dtype() const noexcept = 0;

  // Memory that its results take for each pixel of a slice in work, about.
  [[nodiscard]] virtual std::int64_t pixel_bytes() const noexcept = 0;

  // Takes the memory that so many slices of this size will need.
  virtual void reserve(std::int64_t slices, std::int64_t height, std::int64_t width,
                       const threads::Executor& executor) const = 0;

  // `network_input` is (slices, 2 x coils, height, width), contiguous; `embeddings` (slices, embed_dim), contiguous.
  // `peaks`, (slices), receives each slice's largest magnitude: infinity or NaN where a sample is. The embedding of
  // such a slice is undefined. Throws Error and std::bad_alloc.
  virtual void embed(const float* network_input, std::int64_t slices, std::int64_t height, std::int64_t width,
                     const threads::Executor& executor, float* embeddings, float* peaks) const = 0;
};

}  // namespace mriembed
