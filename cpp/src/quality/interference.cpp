#include "quality/interference.hpp"

#include <algorithm>
#include <cstddef>

namespace mriembed::quality {

namespace {

constexpr std::int64_t reach = 9;
constexpr std::int64_t beside = 3;
constexpr double least_steadiness = 0.5;      // interference may come and go
constexpr double share_of_single_coil = 0.5;  // structures of the object stand out more in one coil than in all

// Of each frequency of one coil.
std::vector<double> levels_of(const double* power, const double* outermost, std::int64_t width) {
  std::vector<double> levels(static_cast<std::size_t>(width), 1.0);
  const auto at = [&](std::int64_t x) { return power[(x + width) % width]; };
  std::vector<double> around;
  for (std::int64_t x = 0; x < width && width > 2 * reach; ++x) {
    around.clear();
    for (std::int64_t step = -reach; step <= reach; ++step) {
      if (std::abs(step) > 1) {
        around.push_back(at(x + step));
      }
    }
    const auto middle = around.begin() + reach - 1;
    std::ranges::nth_element(around, middle);
    const double floor = std::max({*middle, at(x - beside), at(x + beside)});
    const double steadiness = power[x] > 0 ? std::clamp(outermost[x] / power[x], least_steadiness, 1.0) : 1;
    levels[static_cast<std::size_t>(x)] = floor > 0 ? power[x] / floor * steadiness : 1;
  }
  return levels;
}

}  // namespace

Interference strongest_interference(const std::vector<double>& spectrum, const std::vector<double>& outermost,
                                    std::int64_t coils) {
  const auto width = static_cast<std::int64_t>(spectrum.size()) / coils;
  std::vector<double> means(static_cast<std::size_t>(width), 0.0);
  std::vector<double> largest(means.size(), 0.0);
  std::vector<std::int64_t> coil_of_largest(means.size(), 0);
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    const std::vector<double> levels =
        levels_of(spectrum.data() + coil * width, outermost.data() + coil * width, width);
    for (std::size_t x = 0; x < levels.size(); ++x) {
      means[x] += levels[x] / static_cast<double>(coils);
      if (levels[x] > largest[x]) {
        largest[x] = levels[x];
        coil_of_largest[x] = coil;
      }
    }
  }
  Interference found;
  for (std::int64_t x = 0; x < width; ++x) {
    const auto place = static_cast<std::size_t>(x);
    const double level = std::max(means[place], share_of_single_coil * largest[place]);
    if (level > found.level) {
      // exp(2 pi i f t) of the readout becomes a peak at -f in the image, whose transform has the other sign.
      const std::int64_t from_centre = width / 2 - x;
      found = {level, static_cast<double>(from_centre) / static_cast<double>(width), coil_of_largest[place]};
    }
  }
  return found;
}

}  // namespace mriembed::quality
