#include "preprocessing/plane_transforms.hpp"

#include <algorithm>
#include <cmath>

namespace mriembed {

namespace {

kernels::FourierTransform::Memory& memory_of(const kernels::FourierTransform& /*transform*/,
                                             PlaneTransforms::Memory& memory) {
  return memory.transform;
}

PlaneTransforms::Memory& memory_of(const kernels::ChirpTransform& /*transform*/, PlaneTransforms::Memory& memory) {
  return memory;
}

}  // namespace

void PlaneTransforms::prepare(std::span<const std::int64_t> lengths) {
  std::erase_if(transforms_,
                [&](const Transform& transform) { return std::ranges::count(lengths, length_of(transform)) == 0; });
  for (const std::int64_t length : lengths) {
    if (find(length) != transforms_.end()) {
      continue;
    }
    if (kernels::FourierTransform::serves(length)) {
      transforms_.emplace_back(std::in_place_type<kernels::FourierTransform>, length);
    } else {
      transforms_.emplace_back(std::in_place_type<kernels::ChirpTransform>, length);
    }
  }
}

void PlaneTransforms::run(std::complex<float>* plane, std::int64_t height, std::int64_t width, Axes axes,
                          kernels::Direction direction, Memory& memory) const {
  const auto along = [&](std::int64_t length, const auto& transform_lines) {
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(length)));
    std::visit([&](const auto& transform) { transform_lines(transform, scale, memory_of(transform, memory)); },
               *find(length));
  };
  if (axes.y) {
    along(height, [&](const auto& transform, float scale, auto& lanes) {
      transform.along_columns(plane, width, direction, scale, lanes);
    });
  }
  if (axes.x) {
    along(width, [&](const auto& transform, float scale, auto& lanes) {
      transform.along_rows(plane, height, direction, scale, lanes);
    });
  }
}

std::int64_t PlaneTransforms::length_of(const Transform& transform) {
  return std::visit([](const auto& held) { return held.length(); }, transform);
}

std::vector<PlaneTransforms::Transform>::const_iterator PlaneTransforms::find(std::int64_t length) const {
  return std::ranges::find_if(transforms_, [&](const Transform& transform) { return length_of(transform) == length; });
}

}  // namespace mriembed
