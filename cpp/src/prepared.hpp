// What preprocessing hands to the network.
#pragma once

#include <ATen/core/Tensor.h>

namespace mriembed {

// The network's input and the share of each slice's energy that it kept.
struct Prepared {
  at::Tensor stacked;      // (slices, 2 x coils, H, W), float32
  at::Tensor energy_kept;  // (slices), float64
};

}  // namespace mriembed
