// The one exception type of libmriembed and the codes it carries. C++17, no torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "mriembed/export.h"

namespace mriembed {

// What went wrong, in classes that a caller can act on. The values are also the exit statuses of
// mriembed_cli and the status codes of the C interface (mriembed.h).
enum class ErrorCode {
  internal = 1,              // a defect of this library or of its run-time
  invalid_argument = 2,      // the caller passed shapes, options or pointers that cannot be right
  bad_model_file = 3,        // the model file is unreadable, damaged, foreign or of an unknown version
  bad_input = 4,             // the scan or the samples in it cannot be embedded
  device_not_available = 5,  // the device or precision asked for does not exist on this machine
  out_of_memory = 6,         // fewer slices a call, or a smaller Options::memory_mib, need less
  interrupted = 130,         // Options::interrupted said so
};

// Thrown by every function of the C++ interface that can fail; what() is one line of plain text that
// names the file or argument, the cause and what would be right. Exported, so that it can be caught
// across the library's border.
class MRIEMBED_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  // The fault of one slice of a call, counted from 0: what() is "slice N FAULT".
  Error(ErrorCode code, std::int64_t slice, const std::string& fault);
  ~Error() override;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  // The slice of the call that is at fault; none where it is not one slice's fault.
  [[nodiscard]] std::optional<std::int64_t> slice() const noexcept { return slice_; }
  // what() without the slice, for callers that name slices otherwise. Lives as long as this object.
  [[nodiscard]] const char* fault() const noexcept { return what() + fault_begin_; }

 private:
  ErrorCode code_;
  std::optional<std::int64_t> slice_;
  std::size_t fault_begin_ = 0;
};

}  // namespace mriembed
