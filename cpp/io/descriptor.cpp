#include "descriptor.hpp"

#include <unistd.h>

namespace mriembed::io {

Descriptor::~Descriptor() {
  if (number_ >= 0) {
    close(number_);
  }
}

}  // namespace mriembed::io
