// How often each place of a volume's k-space was measured, and whether that is all that will be measured of it.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace mriembed::io {

class MeasuredPlaces {
 public:
  // `inside`: inside the encoding limits.
  void add(std::int64_t place, bool inside);

  [[nodiscard]] bool empty() const { return averages_.empty(); }
  [[nodiscard]] bool contains(std::int64_t place) const { return averages_.contains(place); }
  // Whether every place that was measured at all was measured so often, inside the limits or not.
  [[nodiscard]] bool each_as_often_as(std::int64_t averages) const;
  // Of so many places, which ones were measured.
  [[nodiscard]] std::vector<bool> among(std::int64_t places) const;
  // Whether all `needed` places inside the limits were measured `averages` times. Not every header tells of averages:
  // where some of these places came more often, the others must come as often. `last`: the line just measured is
  // flagged as the last one of its slice. Then an average that fewer than half of these places have does not count.
  [[nodiscard]] bool is_whole(std::int64_t needed, std::int64_t averages, bool last) const;

 private:
  std::unordered_map<std::int64_t, std::int64_t> averages_;  // of each place
  std::vector<std::int64_t> at_least_;                       // places inside the limits with n averages and more
};

}  // namespace mriembed::io
