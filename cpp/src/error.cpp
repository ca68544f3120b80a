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

Error::Error(const std::string& path, const Error& error)
    : std::runtime_error(path + ": " + error.what()),
      code_(error.code_),
      slice_(error.slice_),
      path_length_(path.size()),
      fault_begin_(path.size() + 2 + error.fault_begin_) {}

Error::~Error() = default;

std::string Error::path() const { return {what(), path_length_}; }

}  // namespace mriembed
