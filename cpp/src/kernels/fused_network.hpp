// The network on a CPU, with kernels of the library: convolutions whose input is normalized and activated while it is
// read, so that between two convolutions the image passes through memory once.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/network_weights.hpp"
#include "threads/executor.hpp"

namespace mriembed::kernels {

enum class ComputeDtype {
  float32,
  bfloat16,  // products of bfloat16 numbers, summed in float32; between stages bfloat16
};

// embed() may run in many threads at once; each call takes memory of its own and gives it back. That grows to the
// largest slice seen and is kept.
//
// The same slice gives the same bits on one processor, however many slices there are and whatever runs them.
class FusedNetwork {
 public:
  FusedNetwork() = default;
  virtual ~FusedNetwork() = default;
  FusedNetwork(const FusedNetwork&) = delete;
  FusedNetwork& operator=(const FusedNetwork&) = delete;

  [[nodiscard]] virtual std::int64_t embed_dim() const noexcept = 0;

  // `network_input` is (slices, channels, height, width), contiguous; `embeddings` (slices, embed_dim), contiguous.
  //
  // `peaks`, (slices), receives each slice's largest magnitude: infinity or NaN where a sample is. The embedding of
  // such a slice is undefined.
  virtual void embed(const float* network_input, std::int64_t slices, std::int64_t height, std::int64_t width,
                     const threads::Executor& executor, float* embeddings, float* peaks) const = 0;

  // Takes the memory that so many slices of this size need in as many threads, so that embed() finds it.
  virtual void reserve(std::int64_t slices, std::int64_t height, std::int64_t width, int threads) const = 0;
};

// bfloat16 demands bfloat16_unit() != none.
std::unique_ptr<const FusedNetwork> make_fused_network(const NetworkWeights& weights, ComputeDtype compute_dtype);

}  // namespace mriembed::kernels
