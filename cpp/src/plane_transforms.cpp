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

void PlaneTransforms::run(std::complex<float>* plane, std::int64_t height, std::int64_t width, Axes axes,
                          kernels::Direction direction, kernels::FourierTransform::Memory& memory) const {
  for (const std::int64_t axis : {0, 1}) {
    if (!(axis == 0 ? axes.y : axes.x)) {
      continue;
    }
    const std::int64_t length = axis == 0 ? height : width;
    const kernels::FourierTransform* transform = find(length);
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(length)));
    if (transform == nullptr) {
      const at::Tensor samples = at::from_blob(plane, {height, width}, at::kComplexFloat);
      samples.copy_(direction == kernels::Direction::inverse ? at::fft_ifft(samples, std::nullopt, axis, "ortho")
                                                             : at::fft_fft(samples, std::nullopt, axis, "ortho"));
    } else if (axis == 0) {
      transform->along_columns(plane, width, direction, scale, memory);
    } else {
      transform->along_rows(plane, height, direction, scale, memory);
    }
  }
}

const kernels::FourierTransform* PlaneTransforms::find(std::int64_t length) const {
  const auto found = std::ranges::find(transforms_, length, &kernels::FourierTransform::length);
  return found == transforms_.end() ? nullptr : &*found;
}

}  // namespace mriembed
