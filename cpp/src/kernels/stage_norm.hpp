// The GroupNorm of a stage, whatever its compute dtype.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/network_weights.hpp"
#include "kernels/normalization.hpp"

namespace mriembed::kernels {

class StageNorm {
 public:
  explicit StageNorm(const StageWeights& weights)
      : shift_(weights.bias),
        groups_(weights.groups),
        epsilon_(weights.epsilon),
        weight_(weights.norm_weight),
        bias_(weights.norm_bias) {}

  [[nodiscard]] std::int64_t channels() const noexcept { return static_cast<std::int64_t>(weight_.size()); }

  // For an image of these moments, made by a convolution that left out its bias.
  [[nodiscard]] Normalization operator()(const Moments& moments) const {
    return group_normalization(moments, shift_, groups_, epsilon_, weight_, bias_);
  }

 private:
  std::vector<float> shift_;  // the convolution's bias
  std::int64_t groups_;
  double epsilon_;
  std::vector<float> weight_;
  std::vector<float> bias_;
};

}  // namespace mriembed::kernels
