/// @file
/// The exception type of libmriembed and its codes. C++17, no torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "mriembed/export.h"

namespace mriembed {

/// Classes of errors that a caller can act on. The values are also the exit codes of mriembed_cli and the status codes
/// of the C interface (mriembed.h).
enum class ErrorCode {
  internal = 1,              ///< a defect of this library or of its run-time
  invalid_argument = 2,      ///< shapes, options or pointers that cannot be right
  bad_model_file = 3,        ///< the model file is unreadable, damaged, of another kind or of an unknown version
  bad_input = 4,             ///< the scan or its samples cannot be embedded
  device_not_available = 5,  ///< the device or precision does not exist on this machine
  out_of_memory = 6,         ///< fewer slices per call, or a smaller Options::memory_mib, need less memory
  interrupted = 130,         ///< Options::interrupted returned true
};

/// Every function of the C++ interface that can fail throws it. what() is one line of plain text: the file or argument,
/// what is wrong, what would be right. The class is exported, so that programs can catch it across the library's
/// border.
class MRIEMBED_EXPORT Error : public std::runtime_error {
 public:
  /// An error of a whole call.
  Error(ErrorCode code, const std::string& message);
  /// An error of one slice of a call, counted from 0: what() is "slice N FAULT".
  Error(ErrorCode code, std::int64_t slice, const std::string& fault);
  /// The same error of a file: what() is "PATH: " and what() of `error`, which names no file.
  Error(const std::string& path, const Error& error);
  ~Error() override;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;

  /// The class of the error.
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  /// The slice of the call that is at fault; empty if no single slice is.
  [[nodiscard]] std::optional<std::int64_t> slice() const noexcept { return slice_; }
  /// The file that is at fault; empty if none is, or if the caller knows it better.
  [[nodiscard]] std::string path() const;
  /// what() without file and slice, for callers that name them differently. Lives as long as this object.
  [[nodiscard]] const char* fault() const noexcept { return what() + fault_begin_; }

 private:
  ErrorCode code_;
  std::optional<std::int64_t> slice_;
  std::size_t path_length_ = 0;
  std::size_t fault_begin_ = 0;
};

}  // namespace mriembed
