#include "quality/coil_contrast.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mriembed::quality {

namespace {

constexpr std::int64_t reach_y = 3;
constexpr std::int64_t reach_x = 4;
constexpr std::int64_t fewest_samples = 24;
constexpr double most_common_change = 1.5;

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

std::vector<double> coil_contrasts(const ArrayView<const std::complex<float>, 3>& kspace,
                                   const std::vector<float>& power, const std::vector<double>& energies, Echo echo) {
  const auto [coils, height, width] = kspace.shape;
  const std::int64_t first_y = std::max<std::int64_t>(0, echo.y - reach_y);
  const std::int64_t end_y = std::min(height, echo.y + reach_y + 1);
  const std::int64_t first_x = std::max<std::int64_t>(0, echo.x - reach_x);
  const std::int64_t end_x = std::min(width, echo.x + reach_x + 1);
  std::int64_t inside = 0;
  for (std::int64_t y = first_y; y < end_y; ++y) {
    const auto line = power.begin() + y * width;
    inside += std::count_if(line + first_x, line + end_x, [](float of_sample) { return of_sample > 0; });
  }
  const std::int64_t outside = std::ranges::count_if(power, [](float of_sample) { return of_sample > 0; }) - inside;
  std::vector<double> contrasts(energies.size(), 0.0);
  for (std::int64_t coil = 0; coil < coils && inside >= fewest_samples && outside >= fewest_samples; ++coil) {
    const double energy = energies[static_cast<std::size_t>(coil)];
    double energy_inside = 0;
    for (std::int64_t y = first_y; y < end_y; ++y) {
      for (std::int64_t x = first_x; x < end_x; ++x) {
        const std::complex<double> sample(
            kspace.data[coil * kspace.strides[0] + y * kspace.strides[1] + x * kspace.strides[2]]);
        energy_inside += std::norm(sample);
      }
    }
    const double energy_outside = std::max(energy - energy_inside, 1e-9 * energy);  // what is less is rounding
    if (energy > 0) {
      contrasts[static_cast<std::size_t>(coil)] =
          energy_inside / static_cast<double>(inside) / (energy_outside / static_cast<double>(outside));
    }
  }
  return contrasts;
}

double median_contrast(const std::vector<double>& contrasts) {
  std::vector<double> known = contrasts;
  std::erase_if(known, [](double contrast) { return !(contrast > 0); });
  return median(known);
}

ContrastChange contrast_change(const std::vector<double>& before, const std::vector<double>& now) {
  if (median_contrast(before) < least_contrast || median_contrast(now) < least_contrast) {
    return {};
  }
  std::vector<double> changes(now.size(), 0.0);  // logarithms
  std::vector<double> known;
  std::vector<double> sizes;
  for (std::size_t coil = 0; coil < now.size(); ++coil) {
    if (before[coil] > 0 && now[coil] > 0) {
      changes[coil] = std::log(now[coil] / before[coil]);
      known.push_back(changes[coil]);
      sizes.push_back(std::abs(changes[coil]));
    }
  }
  if (median(sizes) > std::log(most_common_change)) {
    return {};
  }
  const double common = median(known);
  ContrastChange found;
  for (std::size_t coil = 0; coil < now.size(); ++coil) {
    const double level = before[coil] > 0 && now[coil] > 0 ? std::exp(std::abs(changes[coil] - common)) : 1;
    if (level > found.level) {
      found = {level, static_cast<std::int64_t>(coil)};
    }
  }
  return found;
}

}  // namespace mriembed::quality
