#include "measured_places.hpp"

#include <algorithm>
#include <cstddef>

namespace mriembed::io {

void MeasuredPlaces::add(std::int64_t place, bool inside) {
  const auto averages = static_cast<std::size_t>(++averages_[place]);
  if (inside) {
    at_least_.resize(std::max(at_least_.size(), averages + 1));
    ++at_least_[averages];
  }
}

bool MeasuredPlaces::each_as_often_as(std::int64_t averages) const {
  return std::ranges::all_of(averages_, [&](const auto& place) { return place.second >= averages; });
}

std::vector<bool> MeasuredPlaces::among(std::int64_t places) const {
  std::vector<bool> measured(static_cast<std::size_t>(places), false);
  for (const auto& [place, averages] : averages_) {
    measured[static_cast<std::size_t>(place)] = true;
  }
  return measured;
}

bool MeasuredPlaces::is_whole(std::int64_t needed, std::int64_t averages, bool last) const {
  const auto places_with = [&](std::int64_t count) {
    return static_cast<std::size_t>(count) < at_least_.size() ? at_least_[static_cast<std::size_t>(count)] : 0;
  };
  while (places_with(averages + 1) > 0 && (!last || 2 * places_with(averages + 1) >= needed)) {
    ++averages;
  }
  return places_with(averages) == needed;
}

}  // namespace mriembed::io
