// The steps of SlicePreprocessor for a slice whose lines arrive one by one.
#include <algorithm>

#include "kernels/peak.hpp"
#include "kernels/plane.hpp"
#include "preprocessing/peak_scale.hpp"
#include "preprocessing/plane_copies.hpp"
#include "preprocessing/preprocessing_version.hpp"
#include "preprocessing/slice_preprocessor.hpp"

namespace mriembed {

SlicePreprocessor::SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, SliceWorkspace& workspace,
                                     const threads::Executor& executor, Arriving /*lines*/)
    : SlicePreprocessor(request, slices, 0, workspace, executor, Unread()) {
  take_needed_samples();
}

std::pair<std::int64_t, std::int64_t> SlicePreprocessor::calibration_rows() const {
  const std::int64_t lines = lines_of_calibration();
  const std::int64_t first = source_height_ / 2 - lines / 2;
  return {first, first + lines};
}

std::optional<double> SlicePreprocessor::weigh_ahead(const std::optional<Eigen::MatrixXcd>& whitening) {
  const std::int32_t line_bits = take_calibration(lines_of_calibration(), 1);
  scale_ = scale_to_one(line_bits);
  const bool empty = crops_x() && !(calibration_.energy > least_energy * calibration_.energy_before);
  if (!squares_well(line_bits, 1) || empty) {
    return std::nullopt;
  }
  const double energy_kept = take_weights(whitening);
  planes_ = sized(workspace_.virtual_coils, virtual_coils_, window_.rows.length(), window_.columns.length());
  if (crops_x() && !crops_y()) {
    cropped_ = sized(workspace_.cropped, virtual_coils_, window_.rows.length(), width_);
  }
  return energy_kept;
}

// Where samples are cut around the echo, few are combined, and only once all lines tell where it lies.
void SlicePreprocessor::compress_ahead(std::int64_t row) {
  if (cuts_samples() || row < window_.rows.begin || row >= window_.rows.end) {
    return;
  }
  SliceUnits::Found found;
  compress_run(virtual_coil_planes(),
               {row * source_width_ + window_.columns.begin, row * source_width_ + window_.columns.end},
               workspace_.participants.front(), found);
  if (crops_x() && !crops_y()) {
    crop_ahead(kernels::to_front(row - window_.rows.begin, window_.rows.length()));
  }
}

// Row `row` of the virtual coils, as crop() does it of all.
void SlicePreprocessor::crop_ahead(std::int64_t row) {
  const Planes whole = sized(workspace_.row, 1, virtual_coils_, source_width_);
  const Planes kept = sized(workspace_.cropped_row, 1, virtual_coils_, width_);
  for (std::int64_t coil = 0; coil < virtual_coils_; ++coil) {
    std::copy_n(planes_.at(coil).samples + row * source_width_, source_width_, whole.samples + coil * source_width_);
  }
  units_.transform(whole, {false, true}, kernels::Direction::inverse, workspace_.participants.front());
  crop_plane(whole, {false, true}, kept);
  for (std::int64_t coil = 0; coil < virtual_coils_; ++coil) {
    std::copy_n(kept.samples + coil * width_, width_, cropped_.at(coil).samples + row * width_);
  }
}

bool SlicePreprocessor::finish_ahead(std::int32_t peak_bits) {
  peak_bits_ = peak_bits;
  if (peak_bits_ == 0 || peak_bits_ >= kernels::infinity_bits || !squares_well(peak_bits_, scale_)) {
    return false;
  }
  if (cuts_samples()) {
    find_echo_of_samples();
    take_rows_around_echo();
    compress_scaled(/*look_outside=*/false);
  } else if (crops_x() && !crops_y()) {
    planes_ = cropped_;
    cropped_ahead_ = true;
  }
  return true;
}

}  // namespace mriembed
