#include "early_calibration.hpp"

#include <numeric>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::io {

EarlyCalibration::EarlyCalibration(const VolumeKey& key, std::int64_t factor)
    : key_(key), step_(factor > 1 ? factor : 0) {}

void EarlyCalibration::make_way(std::int64_t place, SliceAssembler& assembler) {
  if (places_.erase(place) > 0) {
    assembler.forget(key_, place);
  }
  if (!std::exchange(begun_, true)) {
    first_place_ = place;
  }
  step_ = std::gcd(step_, place - first_place_);
}

void EarlyCalibration::place(const HeldLine& line, SliceAssembler& assembler) {
  const KspacePlacement& placement = assembler.placement();
  const std::int64_t place = *placement.place_of(line->line);
  const bool in_gap = begun_ && step_ > 1 && (place - first_place_) % step_ != 0;
  if (!in_gap || placement.depth() > 1 || has_placed(line->index)) {
    return;
  }
  try {
    static_cast<void>(placement.line_of(line->line, line->index));
    static_cast<void>(placement.readout_of(line->line, line->index));
  } catch (const Error&) {  // the end of the volume tells, if the line is still wanted then
    return;
  }
  lines_.insert(line->index);
  places_.insert(place);
  assembler.add(key_, line->line, line->index, line->samples);
}

}  // namespace mriembed::io
