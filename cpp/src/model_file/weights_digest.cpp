#include "model_file/weights_digest.hpp"

namespace mriembed {

void WeightsDigest::add(const std::string& name, const std::string& dtype, const std::string& shape, const void* values,
                        std::size_t bytes) {
  for (const std::string* text : {&name, &dtype, &shape}) {
    sha256_.update(text->c_str(), text->size() + 1);
  }
  sha256_.update(values, bytes);
}

std::string WeightsDigest::hexadecimal() { return mriembed::hexadecimal(sha256_.digest()); }

}  // namespace mriembed
