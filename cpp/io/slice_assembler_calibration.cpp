// Separate ACS lines: a part of the image, or what calibrates the filling of its missing lines.
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "slab_sampling.hpp"
#include "slice_assembler.hpp"

namespace mriembed::io {

bool SliceAssembler::is_gradient_echo(const Volume& volume) const {
  const auto lie = [&](bool calibration, LineDirection direction) {
    for (std::size_t line = 0; line < volume.directions.size(); ++line) {
      if (volume.directions[line] == direction && volume.calibration.is_alone(line) == calibration) {
        return true;
      }
    }
    return false;
  };
  return epi_.has_value() && lie(true, LineDirection::forward) && !lie(true, LineDirection::reversed) &&
         lie(false, LineDirection::reversed);
}

SliceAssembler::Calibration SliceAssembler::take_calibration(const VolumeKey& key, Volume& volume) {
  Calibration calibration;
  if (!volume.calibration.any()) {
    return calibration;
  }
  const bool gradient_echo = is_gradient_echo(volume);
  const CalibrationComparison comparison = volume.calibration.compared(volume.samples);
  if (!gradient_echo && comparison.alike(!epi_.has_value())) {
    return calibration;
  }
  const std::int64_t height = placement_.height();
  const std::int64_t depth = placement_.depth();
  const CalibrationBox box = calibration_box(volume.calibration.lines(), height, depth);
  const std::vector<bool> imaging = volume.calibration.imaging(volume.acquired.acquired());
  // The directions of other echo-planar lines are in phase only once they are a part of the image.
  const bool calibrates =
      (gradient_echo || !epi_.has_value()) && !box.empty() && SlabSampling(imaging, height, depth, box).fills();
  if (calibration_warnings_.empty()) {
    calibration_warnings_.push_back("the separate ACS lines were measured in another way than the image (" +
                                    (gradient_echo ? "in one direction" : comparison.text()) +
                                    (calibrates
                                         ? "): they are no part of it, and calibrate the filling of missing lines"
                                         : "): as a part of it they may leave a ghost"));
  }
  if (!calibrates) {
    return calibration;
  }
  calibration.box = box;
  calibration.samples = volume.calibration.taken_out(volume.samples);
  for (std::size_t line = 0; line < volume.directions.size(); ++line) {
    if (volume.calibration.is_alone(line)) {
      volume.directions[line] = LineDirection::none;
    }
  }
  take_back(key, volume);
  return calibration;
}

SlabSampling SliceAssembler::sampling_of(const Volume& volume, const Calibration& calibration) const {
  std::vector<bool> measured = volume.acquired.acquired();
  if (calibration.box.has_value()) {
    measured = volume.calibration.imaging(measured);
  }
  return {std::move(measured), placement_.height(), placement_.depth(), calibration.box};
}

// Whose separate ACS lines are no part of it. The library fills other slices.
void SliceAssembler::fill_slice(Volume& volume, const Calibration& calibration) {
  if (calibration.box.has_value()) {
    const SlabSampling sampling = sampling_of(volume, calibration);
    completion_.fill(volume.samples, static_cast<std::int64_t>(coils_.size()), placement_.width(), sampling,
                     calibration.samples);
    finished_sampling_ = sampling.text();
  }
}

}  // namespace mriembed::io
