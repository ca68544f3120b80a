// The weights of the network that the kernels run, as plain arrays.
#pragma once

#include <cstdint>
#include <vector>

namespace mriembed::kernels {

// 3 x 3 convolution with padding 1, GroupNorm, GELU, and where it pools, the mean of each 2 x 2 pixels (of those that
// there are, in the last row and column of an odd number). Weights are row-major: (out, in, 3, 3).
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
  bool pools = false;
};

// (out, in), row-major.
struct LinearWeights {
  std::int64_t in_features = 0;
  std::int64_t out_features = 0;
  std::vector<float> weight;
  std::vector<float> bias;
};

// Stages, of which the last does not pool, mean over pixels, one linear layer or two with a GELU between them, L2 norm.
struct NetworkWeights {
  std::vector<StageWeights> stages;
  std::vector<LinearWeights> head;
  bool normalize = true;
};

}  // namespace mriembed::kernels
