#include "acquired_lines.hpp"

#include <algorithm>

#include "kernels/grappa.hpp"

namespace mriembed::io {

namespace {

struct Reach {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t last = -1;
  std::ptrdiff_t widest_gap = 1;  // from a measured line to the next
};

Reach reach_of(const std::vector<bool>& measured) {
  Reach reach;
  for (auto line = std::find(measured.begin(), measured.end(), true); line != measured.end();
       line = std::find(line + 1, measured.end(), true)) {
    const std::ptrdiff_t number = line - measured.begin();
    if (reach.last < 0) {
      reach.first = number;
    } else {
      reach.widest_gap = std::max(reach.widest_gap, number - reach.last);
    }
    reach.last = number;
  }
  return reach;
}

}  // namespace

bool has_dense_centre(const std::vector<bool>& measured) {
  constexpr std::ptrdiff_t many = 16;  // ACS lines, however far apart the others are
  auto begin = measured.begin();       // of the longest run
  auto end = begin;
  for (auto first = std::find(measured.begin(), measured.end(), true); first != measured.end();) {
    const auto last = std::find(first, measured.end(), false);
    if (last - first > end - begin) {
      begin = first;
      end = last;
    }
    first = std::find(last, measured.end(), true);
  }
  const auto middle = measured.begin() + static_cast<std::ptrdiff_t>(measured.size() / 2);
  const std::ptrdiff_t length = end - begin;
  const auto [shorter, longer] = std::minmax({middle - begin, end - middle});
  const bool central = 3 * shorter >= 2 * longer;
  const bool others = std::count(measured.begin(), measured.end(), true) > length;
  const bool fillable = kernels::Grappa::fills(reach_of(measured).widest_gap, length);
  return (length >= many || fillable) && central && others;
}

bool reaches_as_far(const std::vector<bool>& measured, const std::vector<bool>& whole) {
  const Reach one = reach_of(measured);
  const Reach other = reach_of(whole);
  return one.last >= 0 && one.widest_gap <= other.widest_gap && one.first <= other.first + other.widest_gap - 1 &&
         one.last >= other.last - other.widest_gap + 1;
}

void AcquiredLines::add(std::int64_t line, const Acquisition& acquisition) {
  const auto at = static_cast<std::size_t>(line);
  Counters& first = first_[at];
  if (!acquired_[at]) {
    acquired_[at] = true;
    ++count_;
    first = {acquisition.average, acquisition.segment, acquisition.user};
    return;
  }
  if (acquisition.average != first.average) {
    return;
  }
  mixed_.segment = mixed_.segment || acquisition.segment != first.segment;
  mixed_.user = mixed_.user || acquisition.user != first.user;
  mixed_.none = mixed_.none || (acquisition.segment == first.segment && acquisition.user == first.user);
}

}  // namespace mriembed::io
