#include "kernels/network_head.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>

namespace mriembed::kernels {

namespace {

double gelu(double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); }

}  // namespace

NetworkHead::NetworkHead(const std::vector<LinearWeights>& layers, bool normalize)
    : layers_(layers), normalize_(normalize) {}

void NetworkHead::embed(std::vector<double> features, float* embedding) const {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const LinearWeights& linear = layers_[layer];
    const auto in_features = static_cast<std::size_t>(linear.in_features);
    std::vector<double> outputs(linear.bias.begin(), linear.bias.end());
    for (std::size_t out = 0; out < outputs.size(); ++out) {
      const float* row = linear.weight.data() + out * in_features;
      double sum[4] = {};  // four chains of additions instead of one hide the latency of each
      std::size_t in = 0;
      for (; in + 4 <= in_features; in += 4) {
        for (std::size_t chain = 0; chain < 4; ++chain) {
          sum[chain] += static_cast<double>(row[in + chain]) * features[in + chain];
        }
      }
      for (; in < in_features; ++in) {
        sum[0] += static_cast<double>(row[in]) * features[in];
      }
      outputs[out] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
    if (layer + 1 < layers_.size()) {
      std::transform(outputs.begin(), outputs.end(), outputs.begin(), gelu);
    }
    features = std::move(outputs);
  }
  double squares = 0;
  for (const double value : features) {
    squares += value * value;
  }
  const double divisor = normalize_ ? std::max(std::sqrt(squares), 1e-12) : 1;
  std::transform(features.begin(), features.end(), embedding,
                 [&](double value) { return static_cast<float>(value / divisor); });
}

}  // namespace mriembed::kernels
