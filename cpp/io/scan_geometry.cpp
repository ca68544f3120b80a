#include "scan_geometry.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace mriembed::io {

namespace {

struct Axis {
  std::int64_t encoded;
  std::int64_t recon;
  double encoded_fov;
  double recon_fov;

  [[nodiscard]] bool has_field_of_view() const { return encoded_fov > 0 && recon_fov > 0; }
  [[nodiscard]] bool lowered() const { return encoded > 1 && recon < encoded; }
  [[nodiscard]] std::int64_t by_field_of_view() const {
    const double pixels = static_cast<double>(encoded) * std::min(1.0, recon_fov / encoded_fov);
    return std::clamp<std::int64_t>(std::llround(pixels), 1, encoded);
  }
  [[nodiscard]] double ratio() const { return static_cast<double>(encoded) / static_cast<double>(recon); }
};

using Axes = std::array<Axis, 3>;

// Whether the header gives one field of view for both spaces.
bool one_field_of_view(const Axes& axes) {
  return std::ranges::all_of(axes, [](const Axis& axis) {
    return axis.has_field_of_view() && std::abs(axis.encoded_fov / axis.recon_fov - 1) < 1e-6;
  });
}

// Both in-plane matrices smaller by the same factor: a reconstruction of lower resolution. A readout that is
// oversampled alone is something else.
bool lower_resolution(const Axes& axes) {
  constexpr double alike = 0.05;
  return axes[0].lowered() && axes[1].lowered() && std::abs(axes[0].ratio() / axes[1].ratio() - 1) < alike;
}

double aspect_of(const Axes& axes, const std::array<std::int64_t, 3>& image) {
  const auto pixel = [&](std::size_t index) {
    const Axis& axis = axes.at(index);
    // Cropping by a field of view leaves pixels as they are; cropping by matrices shows that the encoded one is wrong.
    return image.at(index) == axis.by_field_of_view() ? axis.encoded_fov / static_cast<double>(axis.encoded)
                                                      : axis.recon_fov / static_cast<double>(image.at(index));
  };
  const double aspect = pixel(1) / pixel(0);
  constexpr double rounding = 1e-4;
  return std::abs(aspect - 1) < rounding ? 1 : aspect;
}

}  // namespace

ScanGeometry geometry_of(const MrdEncoding& encoding) {
  const Axes axes{{{encoding.encoded.x, encoding.recon.x, encoding.encoded_fov.x, encoding.recon_fov.x},
                   {encoding.encoded.y, encoding.recon.y, encoding.encoded_fov.y, encoding.recon_fov.y},
                   {encoding.encoded.z, encoding.recon.z, encoding.encoded_fov.z, encoding.recon_fov.z}}};
  ScanGeometry geometry;
  std::array<std::int64_t, 3> image{};
  const bool copied = one_field_of_view(axes);
  const bool lowered = std::ranges::any_of(axes, &Axis::lowered);
  const bool by_matrices = copied && lowered && !lower_resolution(axes);
  for (std::size_t index = 0; index < axes.size(); ++index) {
    const Axis& axis = axes.at(index);
    image.at(index) = axis.has_field_of_view() && !by_matrices ? axis.by_field_of_view()
                                                               : std::clamp<std::int64_t>(axis.recon, 1, axis.encoded);
  }
  geometry.image = {image[0], image[1], image[2]};

  if (by_matrices) {
    geometry.notes.emplace_back(
        "the header gives the encoded and the reconstructed space one field of view, but different matrices: what the "
        "encoded matrix is larger by is taken as oversampling");
  } else if (copied && lowered) {
    geometry.notes.emplace_back(
        "the reconstruction matrix is smaller at the same field of view: a lower resolution, no oversampling");
  }
  if (!axes[0].has_field_of_view() || !axes[1].has_field_of_view()) {
    geometry.notes.emplace_back(
        "the header gives no field of view: oversampling is told by the matrices, and pixels are taken as square");
    return geometry;
  }
  geometry.pixel_aspect = aspect_of(axes, image);
  constexpr double most = 16;
  if (geometry.pixel_aspect > most || geometry.pixel_aspect < 1 / most) {
    geometry.notes.emplace_back(
        "by the header's fields of view, one side of a pixel is more than 16 times the other: "
        "pixels are taken as square");
    geometry.pixel_aspect = 1;
  }
  return geometry;
}

}  // namespace mriembed::io
