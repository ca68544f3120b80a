#include "cli/descriptor.hpp"

#include <unistd.h>

namespace mriembed::cli {

Descriptor::~Descriptor() {
  if (number_ >= 0) {
    close(number_);
  }
}

}  // namespace mriembed::cli
