// Partial Fourier that the encoding limits do not tell: some writers give them the whole matrix all the same.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kspace_placement.hpp"

namespace mriembed::io {

class PartialFourier {
 public:
  // Of lines (z, y) without a gap from one end of what the limits cover to beyond the centre, along y, z or both; none
  // for others.
  static std::optional<PartialFourier> of(const std::vector<bool>& acquired, const KspacePlacement& placement);

  // Whether a scan of lines in this order, each z * height + y, went on elsewhere once it had reached the border of
  // what is missing: one that was stopped there did not.
  [[nodiscard]] bool turns_back(const std::vector<std::int64_t>& places) const;

 private:
  explicit PartialFourier(std::int64_t height) : height_(height) {}

  std::int64_t height_;
  std::optional<std::int64_t> border_y_;  // the measured line beside the missing ones
  std::optional<std::int64_t> border_z_;
};

}  // namespace mriembed::io
