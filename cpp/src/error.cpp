#include "mriembed/error.hpp"

namespace mriembed {

Error::Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

namespace {

std::string slice_prefix(std::int64_t slice) { return "slice " + std::to_string(slice) + " "; }

}  // namespace

Error::Error(ErrorCode code, std::int64_t slice, const std::string& fault)
    : std::runtime_error(slice_prefix(slice) + fault),
      code_(code),
      slice_(slice),
      fault_begin_(slice_prefix(slice).size()) {}

Error::~Error() = default;

}  // namespace mriembed
