#include "separate_lines.hpp"

#include <algorithm>

namespace mriembed::io {

HeldLine hold(const Acquisition& line, std::size_t index, std::span<const std::complex<float>> samples) {
  return std::make_shared<const MeasuredLine>(MeasuredLine{line, index, {samples.begin(), samples.end()}});
}

void SeparateLines::add_calibration(const HeldLine& line, std::int64_t place) {
  const VolumeKey key = key_of(line->line);
  calibration_[key].push_back(line);
  calibration_of_slice_[key[0]].try_emplace(place, line);
}

void SeparateLines::add_navigator(const HeldLine& line) {
  const VolumeKey key = key_of(line->line);
  navigators_of_slice_.try_emplace(key[0], key);
  navigators_[key].push_back(line);
}

std::span<const HeldLine> SeparateLines::own_calibration_of(const VolumeKey& key) const {
  const auto own = calibration_.find(key);
  return own == calibration_.end() ? std::span<const HeldLine>() : std::span<const HeldLine>(own->second);
}

std::vector<HeldLine> SeparateLines::calibration_of(const VolumeKey& key) const {
  if (const auto own = own_calibration_of(key); !own.empty()) {
    return {own.begin(), own.end()};
  }
  std::vector<HeldLine> lines;
  if (const auto shared = calibration_of_slice_.find(key[0]); shared != calibration_of_slice_.end()) {
    for (const auto& [place, line] : shared->second) {
      lines.push_back(line);
    }
  }
  std::ranges::sort(lines, {}, &MeasuredLine::index);
  return lines;
}

std::vector<HeldLine> SeparateLines::navigators_of(const VolumeKey& key) const {
  auto found = navigators_.find(key);
  if (found == navigators_.end()) {
    const auto shared = navigators_of_slice_.find(key[0]);
    found = shared == navigators_of_slice_.end() ? navigators_.end() : navigators_.find(shared->second);
  }
  return found == navigators_.end() ? std::vector<HeldLine>() : found->second;
}

void SeparateLines::forget(const VolumeKey& key) {
  calibration_.erase(key);
  if (const auto shared = navigators_of_slice_.find(key[0]);
      shared == navigators_of_slice_.end() || shared->second != key) {
    navigators_.erase(key);
  }
}

}  // namespace mriembed::io
