// The end of the network: from the mean features of a slice to its embedding.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/network_weights.hpp"

namespace mriembed::kernels {

// Works in float64: a few thousand multiplications a slice.
class NetworkHead {
 public:
  NetworkHead(const std::vector<LinearWeights>& layers, bool normalize);

  [[nodiscard]] std::int64_t embed_dim() const noexcept { return layers_.back().out_features; }

  // Writes embed_dim floats.
  void embed(std::vector<double> features, float* embedding) const;

 private:
  std::vector<LinearWeights> layers_;
  bool normalize_;
};

}  // namespace mriembed::kernels
