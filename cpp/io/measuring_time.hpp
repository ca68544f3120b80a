// When lines were measured.
#pragma once

#include <algorithm>
#include <cstdint>

namespace mriembed::io {

// Of some lines, in any order.
class MeasuringTime {
 public:
  // `time` is a line's time stamp, see Acquisition.
  void add(std::uint32_t time) {
    first_ = lines_ == 0 ? time : std::min(first_, time);
    last_ = lines_ == 0 ? time : std::max(last_, time);
    ++lines_;
  }

  // Whether a line came less than 2 ms after the one before, in the mean, as in a train of gradient echoes. With an
  // excitation for each line it takes longer. The ticks of Siemens' clocks are assumed. Lines without a time stamp have
  // the same one.
  [[nodiscard]] bool is_of_a_train() const {
    constexpr double ticks = 0.8;
    return last_ > first_ && last_ - first_ < ticks * static_cast<double>(lines_ - 1);
  }

 private:
  std::uint32_t first_ = 0;
  std::uint32_t last_ = 0;
  std::int64_t lines_ = 0;
};

}  // namespace mriembed::io
