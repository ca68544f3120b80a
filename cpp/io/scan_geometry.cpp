#include "scan_geometry.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>

namespace mriembed::io {

namespace {

struct Axis {
  const char* name;
  std::int64_t encoded;
  std::int64_t recon;
  double encoded_fov;
  double recon_fov;

  [[nodiscard]] bool has_field_of_view() const { return encoded_fov > 0 && recon_fov > 0; }
  [[nodiscard]] bool is_smaller() const { return encoded > 1 && recon < encoded; }
  // The header gives both spaces one field of view, but the reconstructed one a smaller matrix. Writers round: lengths
  // that differ by less than half a pixel are one.
  [[nodiscard]] bool is_contradictory() const {
    return has_field_of_view() && std::abs(recon_fov / encoded_fov - 1) * static_cast<double>(encoded) < 0.5 &&
           is_smaller();
  }
  [[nodiscard]] std::int64_t by_field_of_view() const {
    const double pixels = static_cast<double>(encoded) * std::min(1.0, recon_fov / encoded_fov);
    return std::clamp<std::int64_t>(std::llround(pixels), 1, encoded);
  }
  // Some writers give the thickness of a partition as the field of view of all, or one in another unit.
  [[nodiscard]] bool leaves_one_pixel() const {
    return has_field_of_view() && encoded > 1 && recon > 1 && by_field_of_view() == 1;
  }
  [[nodiscard]] std::int64_t by_matrices() const { return std::clamp<std::int64_t>(recon, 1, encoded); }
  // Pixels that were measured for one of the reconstruction, by the fields of view.
  [[nodiscard]] double pixels_for_one() const {
    return static_cast<double>(by_field_of_view()) / static_cast<double>(recon);
  }
};

using Axes = std::array<Axis, 3>;

// Without a reconstruction matrix (0; along x and y, one pixel is none either), that of the fields of view.
Axis axis_of(Axis axis, std::int64_t fewest_pixels) {
  if (axis.encoded > 1 && axis.recon < fewest_pixels) {
    axis.recon = axis.has_field_of_view() ? axis.by_field_of_view() : axis.encoded;
  }
  axis.recon = std::max<std::int64_t>(1, axis.recon);
  return axis;
}

bool is_alike(double one, double other) {
  constexpr double most = 0.05;
  return std::abs(one / other - 1) < most;
}

// Along x and y alike, the reconstruction has fewer pixels than were measured, and so it has along this axis: a lower
// resolution. Oversampling that only the matrices tell is another one along each axis.
bool is_lower_resolution(const Axes& axes, const Axis& axis) {
  const auto& [x, y, z] = axes;
  return x.has_field_of_view() && y.has_field_of_view() && x.pixels_for_one() > 1 && y.pixels_for_one() > 1 &&
         is_alike(x.pixels_for_one(), y.pixels_for_one()) && is_alike(axis.pixels_for_one(), x.pixels_for_one());
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

// " along x and z"; empty for all axes that the scan has.
std::string along(const Axes& axes, const std::function<bool(const Axis&)>& meant) {
  std::string names;
  bool all = true;
  for (const Axis& axis : axes) {
    if (meant(axis)) {
      names += (names.empty() ? " along " : " and ") + std::string(axis.name);
    } else {
      all = all && axis.encoded == 1;
    }
  }
  return all ? "" : names;
}

}  // namespace

ScanGeometry geometry_of(const MrdEncoding& encoding) {
  const Axes axes{
      axis_of({"x", encoding.encoded.x, encoding.recon.x, encoding.encoded_fov.x, encoding.recon_fov.x}, 2),
      axis_of({"y", encoding.encoded.y, encoding.recon.y, encoding.encoded_fov.y, encoding.recon_fov.y}, 2),
      axis_of({"z", encoding.encoded.z, encoding.recon.z, encoding.encoded_fov.z, encoding.recon_fov.z}, 1)};
  const auto is_lowered = [&](const Axis& axis) { return axis.is_contradictory() && is_lower_resolution(axes, axis); };
  const auto is_copied = [&](const Axis& axis) { return axis.is_contradictory() && !is_lower_resolution(axes, axis); };
  ScanGeometry geometry;
  std::array<std::int64_t, 3> image{};
  for (std::size_t index = 0; index < axes.size(); ++index) {
    const Axis& axis = axes.at(index);
    const bool told = axis.has_field_of_view() && !is_copied(axis) && !axis.leaves_one_pixel();
    image.at(index) = told ? axis.by_field_of_view() : axis.by_matrices();
  }
  geometry.image = {image[0], image[1], image[2]};

  if (std::ranges::any_of(axes, is_copied)) {
    geometry.notes.push_back("the header gives the encoded and the reconstructed space one field of view" +
                             along(axes, is_copied) +
                             ", but different matrices: what the encoded matrix is larger by is taken as oversampling");
  }
  const auto leaves_one_pixel = [](const Axis& axis) { return axis.leaves_one_pixel(); };
  if (std::ranges::any_of(axes, leaves_one_pixel)) {
    geometry.notes.push_back("the header's fields of view leave one pixel" + along(axes, leaves_one_pixel) +
                             ": oversampling is told by the matrices");
  }
  if (std::ranges::any_of(axes, is_lowered)) {
    geometry.notes.emplace_back(
        "the reconstruction matrix is smaller at the same field of view: a lower resolution, no oversampling");
  }
  if (!axes[0].has_field_of_view() || !axes[1].has_field_of_view()) {
    geometry.notes.emplace_back(
        "the header gives no field of view: oversampling is told by the matrices, and pixels are taken as square");
    return geometry;
  }
  if (!axes[2].has_field_of_view() && axes[2].is_smaller()) {
    geometry.notes.emplace_back("the header gives no field of view along z: oversampling is told by the matrices");
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
