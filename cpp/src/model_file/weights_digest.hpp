// SHA-256 over the weights of a network, the same in Python (model_file.py) and C++.
#pragma once

#include <cstddef>
#include <string>

#include "model_file/sha256.hpp"

namespace mriembed {

// Weights go in sorted by name; each contributes its name, dtype and shape as text, each ended by a zero byte,
// and its raw little-endian values.
class WeightsDigest {
 public:
  // `shape` as "32,16,3,3"; `dtype` as "float32".
  void add(const std::string& name, const std::string& dtype, const std::string& shape, const void* values,
           std::size_t bytes);
  // 64 hexadecimal digits. Ends the digest: nothing may be added afterwards.
  [[nodiscard]] std::string hexadecimal();

 private:
  Sha256 sha256_;
};

}  // namespace mriembed
