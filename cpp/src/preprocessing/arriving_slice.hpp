// K-space of one slice whose lines arrive one by one: what of its preprocessing can be done before the last line is
// there.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>

#include "preprocessing/line_completion.hpp"
#include "preprocessing/slice_preprocessor.hpp"
#include "threads/executor.hpp"
#include "threads/recycled.hpp"

namespace mriembed {

// For one thread at a time. The samples stay where they are, and the workspaces outlive it.
class ArrivingSlice {
 public:
  // `slices`: one, row-major; for a model that compresses coils. `lacks_lines`: whether some that preprocessing fills
  // will never arrive. Where it turns out otherwise, the slice must be preprocessed as a whole.
  ArrivingSlice(const SliceRequest& request, const RawSlices& slices, bool lacks_lines,
                std::optional<Eigen::MatrixXcd> whitening, threads::Recycled<SliceWorkspace>& workspaces,
                const threads::Executor& executor);

  // Line `row` of all coils is there, and stays as it is.
  void add_line(std::int64_t row);

  // The network's input, (2 x num_coils, height, width); returns the share of energy that is kept. Lines that did not
  // arrive are zero. None: the slice must be preprocessed as a whole, for other lines are missing than expected, or
  // what is in it asks for that. Throws Error bad_input as write_channels().
  std::optional<double> finish(float* channels);

  // Lines that arrived.
  [[nodiscard]] const MeasuredLines& measured() const { return there_; }

 private:
  void weigh();

  RawSlices slices_;
  std::optional<Eigen::MatrixXcd> whitening_;
  const threads::Executor& executor_;
  threads::Recycled<SliceWorkspace>::Loan workspace_;
  SlicePreprocessor preprocessor_;
  std::int64_t first_calibration_row_;
  std::int64_t end_of_calibration_;
  MeasuredLines there_;
  std::int64_t missing_calibration_;
  std::int32_t peak_bits_ = 0;
  std::optional<double> energy_kept_;  // once the calibration region was weighed
  bool whole_ = false;                 // it must be preprocessed as a whole
};

}  // namespace mriembed
