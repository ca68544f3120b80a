// Whether the bytes of a model file are whole, and who vouches for them. Decided before anything reads them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mriembed/model_file.hpp"

namespace mriembed {

struct Origin {
  bool sealed = false;
  std::vector<std::string> signers;  // public keys whose signatures fit, 64 hexadecimal digits each
  std::size_t archive_size = 0;      // bytes of the file before the seal
};

// Checks seal and signatures. Throws Error: bad_model_file (without the model file's name) where the file is not
// sealed, damaged, or not signed as `trust` asks; invalid_argument where a key of `trust` cannot be read.
Origin check_origin(std::string_view file, const Trust& trust);

}  // namespace mriembed
