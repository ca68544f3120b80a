#include "zero_samples.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace mriembed::io {

void tell_of_zeros(std::span<const std::complex<float>> samples, ScanSummary& summary) {
  constexpr double by_chance = 1e-3;  // single samples of integers are zero, too
  const auto zeros = std::ranges::count(samples, std::complex<float>(0));
  const double share = static_cast<double>(zeros) / static_cast<double>(samples.size());
  if (share > by_chance) {
    summary.zero_fraction = share;
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.1f %% of the samples are zero: taken as not acquired",
                  100 * summary.zero_fraction);
    summary.warnings.emplace_back(text.data());
  }
}

}  // namespace mriembed::io
