// The one exception type of libmriembed and the codes it carries. C++17, no torch.
#pragma once

#include <stdexcept>
#include <string>

#include "mriembed/export.hpp"

namespace mriembed {

// What went wrong, in classes that a caller can act on. The values are also the exit statuses of
// mriembed_cli and the status codes of the C interface (mriembed.h).
enum class ErrorCode {
  internal = 1,              // a defect of this library or of its run-time, or memory ran out
  invalid_argument = 2,      // the caller passed shapes, options or pointers that cannot be right
  bad_model_file = 3,        // the model file is unreadable, damaged, foreign or of an unknown version
  bad_input = 4,             // the scan or the samples in it cannot be embedded
  device_not_available = 5,  // the device or precision asked for does not exist on this machine
};

// Thrown by every function of the C++ interface that can fail; what() is one line of plain text that
// names the file or argument, the cause and what would be right. Exported, so that it can be caught
// across the library's border.
class MRIEMBED_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  ~Error() override;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace mriembed
