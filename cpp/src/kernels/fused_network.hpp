// The network on a CPU in float32: convolutions whose input is normalized and activated while it is read.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "kernels/convolution.hpp"
#include "kernels/normalization.hpp"

namespace mriembed::kernels {

// 3 x 3 convolution with padding 1, GroupNorm, GELU. Weights are row-major: (out, in, 3, 3).
struct StageWeights {
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t stride = 1;
  std::vector<float> weight;
  std::vector<float> bias;
  std::int64_t groups = 1;
  double epsilon = 0;
  std::vector<float> norm_weight;
  std::vector<float> norm_bias;
};

// (out, in), row-major.
struct LinearWeights {
  std::int64_t in_features = 0;
  std::int64_t out_features = 0;
  std::vector<float> weight;
  std::vector<float> bias;
};

// Stages, mean over pixels, one linear layer or two with a GELU between them, L2 norm.
struct NetworkWeights {
  std::vector<StageWeights> stages;
  std::vector<LinearWeights> head;
  bool normalize = true;
};

// embed() may run in many threads at once; each call takes a workspace of its own and gives it back.
class FusedNetwork {
 public:
  explicit FusedNetwork(const NetworkWeights& weights);
  ~FusedNetwork();

  [[nodiscard]] std::int64_t embed_dim() const noexcept { return head_.back().out_features; }

  // `stacked` is (slices, channels, height, width), contiguous; `embeddings` (slices, embed_dim), contiguous.
  // Uses `threads` threads: whole slices side by side as long as there are enough, then rows of one slice.
  void embed(const float* stacked, std::int64_t slices, std::int64_t height, std::int64_t width, int threads,
             float* embeddings) const;

 private:
  struct Stage;
  struct Workspace;
  class Run;

  [[nodiscard]] std::unique_ptr<Workspace> take_workspace() const;
  void give_back(std::unique_ptr<Workspace> workspace) const;
  void finish(std::vector<double> features, float* embedding) const;

  std::vector<Stage> stages_;
  std::vector<LinearWeights> head_;
  bool normalize_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> free_workspaces_;
};

}  // namespace mriembed::kernels
