#include "preprocessing/arriving_slice.hpp"

#include <algorithm>
#include <utility>

#include "kernels/peak.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

ArrivingSlice::ArrivingSlice(const SliceRequest& request, const RawSlices& slices, bool lacks_lines,
                             std::optional<Eigen::MatrixXcd> whitening, threads::Recycled<SliceWorkspace>& workspaces,
                             const threads::Executor& executor)
    : slices_(slices),
      whitening_(std::move(whitening)),
      executor_(executor),
      workspace_(workspaces.take()),
      preprocessor_(request, slices, *workspace_, executor, SlicePreprocessor::Arriving{lacks_lines}),
      first_calibration_row_(preprocessor_.calibration_rows().first),
      end_of_calibration_(preprocessor_.calibration_rows().second),
      there_(static_cast<std::size_t>(slices.samples.shape[2]), 0),
      missing_calibration_(end_of_calibration_ - first_calibration_row_) {}

void ArrivingSlice::add_line(std::int64_t row) {
  if (whole_ || there_[static_cast<std::size_t>(row)] != 0) {  // a line that came again has changed
    whole_ = true;
    return;
  }
  const auto& [data, shape, strides] = slices_.samples;
  std::int32_t row_bits = 0;
  for (std::int64_t coil = 0; coil < shape[1]; ++coil) {
    row_bits = std::max(row_bits, kernels::peak_bits(data + coil * strides[1] + row * strides[2], shape[3]));
  }
  if (row_bits == 0) {  // counts as not measured
    whole_ = true;
    return;
  }
  peak_bits_ = std::max(peak_bits_, row_bits);
  there_[static_cast<std::size_t>(row)] = 1;
  if (row >= first_calibration_row_ && row < end_of_calibration_ && --missing_calibration_ == 0) {
    weigh();
  } else if (energy_kept_.has_value()) {
    preprocessor_.compress_ahead(row);
  }
}

void ArrivingSlice::weigh() {
  const threads::Executor::Presence presence(executor_);
  try {
    energy_kept_ = preprocessor_.weigh_ahead(whitening_);
  } catch (const Error&) {  // the preprocessing of the whole slice tells
    energy_kept_.reset();
  }
  whole_ = !energy_kept_.has_value();
  for (std::int64_t row = 0; !whole_ && row < static_cast<std::int64_t>(there_.size()); ++row) {
    if (there_[static_cast<std::size_t>(row)] != 0) {
      preprocessor_.compress_ahead(row);
    }
  }
}

std::optional<double> ArrivingSlice::finish(float* channels) {
  const threads::Executor::Presence presence(executor_);
  if (whole_ || !energy_kept_.has_value() || !preprocessor_.finish_ahead(peak_bits_, there_)) {
    return std::nullopt;
  }
  preprocessor_.write_channels(channels);
  return energy_kept_;
}

}  // namespace mriembed
