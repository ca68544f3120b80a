#include "mriembed/error.hpp"

namespace mriembed {

Error::Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

Error::~Error() = default;

}  // namespace mriembed
