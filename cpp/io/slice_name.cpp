#include "slice_name.hpp"

#include <array>
#include <utility>

namespace mriembed::io {

std::string name_of(const SliceLabel& label) {
  std::string name = "slice " + std::to_string(label.slice);
  const std::array<std::pair<const char*, int>, 6> others{{{"contrast", label.contrast},
                                                           {"phase", label.phase},
                                                           {"repetition", label.repetition},
                                                           {"set", label.set},
                                                           {"partition", label.partition},
                                                           {"measurement", label.measurement}}};
  for (const auto& [what, index] : others) {
    if (index != 0) {
      name += std::string(", ") + what + " " + std::to_string(index);
    }
  }
  return name;
}

}  // namespace mriembed::io
