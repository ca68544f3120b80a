#include "plane_transforms.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <optional>

namespace mriembed {

void PlaneTransforms::prepare(std::span<const std::int64_t> lengths) {
  std::erase_if(transforms_,
                [&](const auto& transform) { return std::ranges::count(lengths, transform.length()) == 0; });
  for (const std::int64_t length : lengths) {
    if (kernels::FourierTransform::serves(length) && find(length) == nullptr) {
      transforms_.emplace_back(length);
    }
  }
}

void PlaneTransforms::run(const at::Tensor& plane, Axes axes, kernels::Direction direction,
                          kernels::FourierTransform::Memory& memory) const {
  auto* samples = reinterpret_cast<std::complex<float>*>(plane.mutable_data_ptr<c10::complex<float>>());
  for (const std::int64_t axis : {0, 1}) {
    if (!(axis == 0 ? axes.y : axes.x)) {
      continue;
    }
    const std::int64_t length = plane.size(axis);
    const kernels::FourierTransform* transform = find(length);
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(length)));
    if (transform == nullptr) {
      plane.copy_(direction == kernels::Direction::inverse ? at::fft_ifft(plane, std::nullopt, axis, "ortho")
                                                           : at::fft_fft(plane, std::nullopt, axis, "ortho"));
    } else if (axis == 0) {
      transform->along_columns(samples, plane.size(1), direction, scale, memory);
    } else {
      transform->along_rows(samples, plane.size(0), direction, scale, memory);
    }
  }
}

const kernels::FourierTransform* PlaneTransforms::find(std::int64_t length) const {
  const auto found = std::ranges::find(transforms_, length, &kernels::FourierTransform::length);
  return found == transforms_.end() ? nullptr : &*found;
}

}  // namespace mriembed
