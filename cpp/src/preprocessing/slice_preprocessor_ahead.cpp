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
                                     const threads::Executor& executor, Arriving lines)
    : SlicePreprocessor(request, slices, 0, workspace, executor, Unread()) {
  lacks_lines_ = lines.lacks_lines;
  if (!lacks_lines_) {
    take_needed_samples();
  }
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
  if (!squares_are_safe(line_bits, 1) || empty) {
    return std::nullopt;
  }
  const double energy_kept = take_weights(whitening);
  planes_ = sized(workspace_.virtual_coils, virtual_coils_, window_.rows.length(), window_.columns.length());
  if (lacks_lines_) {
    rows_ahead_ = crops_x() ? sized(workspace_.cropped, virtual_coils_, window_.rows.length(), width_) : planes_;
  } else if (takes_spectra_ahead()) {
    rows_ahead_ = sized(workspace_.spectra, virtual_coils_, window_.rows.length(), width_);
  }
  if (lacks_lines_) {
    zero_ahead();
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
  const std::int64_t to = kernels::to_front(row - window_.rows.begin, window_.rows.length());
  if (lacks_lines_) {
    transform_ahead(to);
  } else if (takes_spectra_ahead()) {
    take_spectra_ahead(to);
  }
}

// Row `row` of the virtual coils, (1, virtual coils, x), as an image.
Planes SlicePreprocessor::image_of_row(std::int64_t row) {
  const Planes image = sized(workspace_.row, 1, virtual_coils_, source_width_);
  for (std::int64_t coil = 0; coil < virtual_coils_; ++coil) {
    std::copy_n(planes_.at(coil).samples + row * source_width_, source_width_, image.samples + coil * source_width_);
  }
  units_.transform(image, {false, true}, kernels::Direction::inverse, workspace_.participants.front());
  return image;
}

void SlicePreprocessor::keep_row_ahead(const Planes& kept, std::int64_t row) {
  for (std::int64_t coil = 0; coil < virtual_coils_; ++coil) {
    std::copy_n(kept.samples + coil * width_, width_, rows_ahead_.at(coil).samples + row * width_);
  }
}

// As complete_lines() begins with all rows.
void SlicePreprocessor::transform_ahead(std::int64_t row) {
  const Planes image = image_of_row(row);
  if (!crops_x()) {
    keep_row_ahead(image, row);
    return;
  }
  const Planes kept = sized(workspace_.transformed_row, 1, virtual_coils_, width_);
  crop_plane(image, {false, true}, kept);
  keep_row_ahead(kept, row);
}

// As crop() and take_spectra() do it of all rows, the centre of the image at the front in between.
void SlicePreprocessor::take_spectra_ahead(std::int64_t row) {
  const Planes image = image_of_row(row);
  const Planes kept = sized(workspace_.transformed_row, 1, virtual_coils_, width_);
  kernels::resize({image.samples, virtual_coils_, source_width_, true, true}, kept.samples, virtual_coils_, width_);
  units_.transform(kept, {false, true}, kernels::Direction::forward, workspace_.participants.front());
  keep_row_ahead(kept, row);
}

// What rows are as long as they have not arrived.
void SlicePreprocessor::zero_ahead() {
  for (std::int64_t coil = 0; coil < virtual_coils_; ++coil) {
    std::fill_n(planes_.at(coil).samples, source_width_, 0);
  }
  transform_ahead(0);
  for (std::int64_t coil = 0; coil < virtual_coils_; ++coil) {
    std::complex<float>* const rows = rows_ahead_.at(coil).samples;
    for (std::int64_t row = 1; row < source_height_; ++row) {
      std::copy_n(rows, width_, rows + row * width_);
    }
  }
}

// Of planes_, which have all rows.
void SlicePreprocessor::take_rows_of_window() {
  if (whole()) {
    return;
  }
  const Planes all = planes_;
  planes_ =
      sized(crops_x() ? workspace_.virtual_coils : workspace_.cropped, all.count, window_.rows.length(), all.width);
  units_.run(all.count, [&](std::int64_t coil, auto& /*own*/, auto& /*found*/) {
    kernels::resize({all.at(coil).samples, all.height, all.width, true, true}, planes_.at(coil).samples, planes_.height,
                    planes_.width);
  });
}

bool SlicePreprocessor::finish_ahead(std::int32_t peak_bits, const MeasuredLines& measured) {
  measured_ = measured;
  peak_bits_ = peak_bits;
  const bool as_expected =
      lacks_lines_ ? fills_lines(measured_) : std::ranges::find(measured_, std::uint8_t{0}) == measured_.end();
  if (!as_expected || peak_bits_ == 0 || peak_bits_ >= kernels::infinity_bits ||
      !squares_are_safe(peak_bits_, scale_)) {
    return false;
  }
  if (cuts_samples()) {
    find_echo_of_samples();
    take_rows_around_echo();
    compress_scaled(/*look_outside=*/false);
  } else if (lacks_lines_ || takes_spectra_ahead()) {
    planes_ = rows_ahead_;
    ahead_ = lacks_lines_ ? Ahead::images_along_x : Ahead::spectra;
    if (lacks_lines_) {
      take_lines_to_fill();
      take_rows_of_window();
    }
  }
  return true;
}

}  // namespace mriembed
