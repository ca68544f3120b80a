#include "partial_fourier.hpp"

#include <algorithm>
#include <cstdlib>

namespace mriembed::io {

namespace {

enum class Missing { nothing, first_lines, last_lines, too_many };

Missing missing_of(LineSpan measured, LineSpan covered, std::int64_t size) {
  constexpr std::int64_t least_share = 16;  // beyond the centre: 9/16 in all, as of half-Fourier turbo spin echoes
  const bool begins_late = measured.begin > covered.begin;
  const bool ends_early = measured.end < covered.end;
  if (!begins_late && !ends_early) {
    return Missing::nothing;
  }
  const std::int64_t beyond = std::min(size / 2 - measured.begin, measured.end - size / 2);
  if ((begins_late && ends_early) || beyond < 1 || beyond * least_share < size) {
    return Missing::too_many;
  }
  return begins_late ? Missing::first_lines : Missing::last_lines;
}

std::optional<std::int64_t> border_of(LineSpan measured, Missing missing) {
  return missing == Missing::nothing
             ? std::nullopt
             : std::optional(missing == Missing::first_lines ? measured.begin : measured.end - 1);
}

}  // namespace

std::optional<PartialFourier> PartialFourier::of(const std::vector<bool>& acquired, const KspacePlacement& placement) {
  const std::int64_t height = placement.height();
  LineSpan y{height, 0};
  LineSpan z{placement.depth(), 0};
  std::int64_t count = 0;
  for (std::int64_t line = 0; line < height * placement.depth(); ++line) {
    if (acquired[static_cast<std::size_t>(line)]) {
      y = {std::min(y.begin, line % height), std::max(y.end, line % height + 1)};
      z = {std::min(z.begin, line / height), std::max(z.end, line / height + 1)};
      ++count;
    }
  }
  const Missing along_y = missing_of(y, placement.covered_y(), height);
  const Missing along_z = missing_of(z, placement.covered_z(), placement.depth());
  const bool whole = along_y == Missing::nothing && along_z == Missing::nothing;
  if (count == 0 || count < y.count() * z.count() || whole || along_y == Missing::too_many ||
      along_z == Missing::too_many) {
    return std::nullopt;
  }
  PartialFourier found(height);
  found.border_y_ = border_of(y, along_y);
  found.border_z_ = border_of(z, along_z);
  return found;
}

bool PartialFourier::turns_back(const std::vector<std::int64_t>& places) const {
  const auto leaves = [&](const std::optional<std::int64_t>& border, const auto& position_of) {
    // Every second line first, then the others: the border is reached twice.
    const auto is_near = [&](std::int64_t place) { return std::abs(position_of(place) - *border) <= 1; };
    const auto reached = std::ranges::find_if(places, is_near);
    return !border.has_value() || !std::all_of(reached, places.end(), is_near);
  };
  return leaves(border_y_, [&](std::int64_t place) { return place % height_; }) &&
         leaves(border_z_, [&](std::int64_t place) { return place / height_; });
}

}  // namespace mriembed::io
