// Where the repetitions of a scan end that is being measured.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "volume_key.hpp"

namespace mriembed::io {

// Some scanners' software flags lines as the last ones of their repetition that are not. Where the next line is one of
// another repetition, it was the last one.
class RepetitionEnds {
 public:
  // The next line is one of `next`: the volumes whose repetition ended with the line before, each of them once.
  std::vector<VolumeKey> ended_before(const VolumeKey& next) {
    if (!flagged_ || repetition_of(last_) == repetition_of(next)) {
      return {};
    }
    return std::exchange(begun_[repetition_of(last_)], {});
  }

  // The next line, of a volume that is `new_one`; `flagged`: as the last one of its repetition.
  void add(const VolumeKey& key, bool new_one, bool flagged) {
    if (new_one) {
      begun_[repetition_of(key)].push_back(key);
    }
    last_ = key;
    flagged_ = flagged;
  }

  // That of the last line.
  [[nodiscard]] const VolumeKey& last_volume() const { return last_; }

 private:
  static std::uint16_t repetition_of(const VolumeKey& key) { return key[3]; }

  VolumeKey last_{};
  bool flagged_ = false;                                   // the last line
  std::map<std::uint16_t, std::vector<VolumeKey>> begun_;  // of each repetition that did not end yet
};

}  // namespace mriembed::io
