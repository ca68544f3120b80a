// K-space of one slice whose lines arrive one by one: what of its preprocessing can be done before the last line is
// there.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <vector>

#include "preprocessing/slice_preprocessor.hpp"
#include "threads/executor.hpp"
#include "threads/recycled.hpp"

namespace mriembed {

// For one thread at a time. The samples stay where they are, and the workspaces outlive it.
class ArrivingSlice {
 public:
  // `slices`: one, row-major; for a model that compresses coils.
  ArrivingSlice(const SliceRequest& request, const RawSlices& slices, std::optional<Eigen::MatrixXcd> whitening,
                threads::Recycled<SliceWorkspace>& workspaces, const threads::Executor& executor);

  // Line `row` of all coils is there, and stays as it is.
  void add_line(std::int64_t row);

  // The network's input, (2 x num_coils, height, width); returns the share of energy that is kept. None: the slice must
  // be preprocessed as a whole, for lines are missing, or what is in it asks for that. Throws Error bad_input as
  // write_channels().
  std::optional<double> finish(float* channels);

 private:
  void weigh();

  RawSlices slices_;
  std::optional<Eigen::MatrixXcd> whitening_;
  const threads::Executor& executor_;
  threads::Recycled<SliceWorkspace>::Loan workspace_;
  SlicePreprocessor preprocessor_;
  std::int64_t first_calibration_row_;
  std::int64_t end_of_calibration_;
  std::vector<bool> there_;  // lines
  std::int64_t missing_;
  std::int64_t missing_calibration_;
  std::int32_t peak_bits_ = 0;
  std::optional<double> energy_kept_;  // once the calibration region was weighed
  bool whole_ = false;                 // it must be preprocessed as a whole
};

}  // namespace mriembed
