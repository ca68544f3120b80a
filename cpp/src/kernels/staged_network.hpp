// The network as a FusedNetwork: batches cut into runs of a few slices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/fused_network.hpp"
#include "kernels/network_head.hpp"
#include "kernels/staged_run.hpp"
#include "threads/recycled.hpp"

namespace mriembed::kernels {

template <typename Stage>
class StagedNetwork final : public FusedNetwork {
 public:
  explicit StagedNetwork(const NetworkWeights& weights)
      : stages_(weights.stages.begin(), weights.stages.end()), head_(weights.head, weights.normalize) {}

  [[nodiscard]] std::int64_t embed_dim() const noexcept override { return head_.embed_dim(); }

  void embed(const float* network_input, std::int64_t slices, std::int64_t height, std::int64_t width,
             const threads::Executor& executor, float* embeddings, float* peaks) const override {
    const std::int64_t slice_floats = stages_.front().in_channels() * height * width;
    const std::int64_t at_once = std::min<std::int64_t>(slices, executor.threads());
    const auto memory = free_memory_.take();
    Run::reserve(stages_, *memory, at_once, height, width, executor.threads());
    for (std::int64_t first = 0; first < slices; first += at_once) {
      Run run(stages_, head_, *memory, network_input + first * slice_floats, std::min(at_once, slices - first), height,
              width);
      run.embed(executor, embeddings + first * embed_dim(), peaks + first);
    }
  }

  void reserve(std::int64_t slices, std::int64_t height, std::int64_t width, int threads) const override {
    const auto memory = free_memory_.take();
    Run::reserve(stages_, *memory, std::min<std::int64_t>(slices, threads), height, width, threads);
  }

 private:
  using Run = StagedRun<Stage>;

  std::vector<Stage> stages_;
  NetworkHead head_;
  mutable threads::Recycled<typename Run::Memory> free_memory_;
};

}  // namespace mriembed::kernels
