#include "mriembed/model_file.hpp"

#include "metadata.hpp"
#include "torchscript/archive.hpp"
#include "torchscript/translate_errors.hpp"

namespace mriembed {

ModelInfo read_model_info(const std::string& path, const Trust& trust) {
  return torchscript::translating_errors([&] { return torchscript::Archive(path, trust).metadata().info; });
}

std::string read_checked_model_file(const std::string& path, const Trust& trust) {
  return torchscript::translating_errors([&] {
    const torchscript::Archive archive(path, trust);
    static_cast<void>(archive.load());
    return archive.bytes();
  });
}

}  // namespace mriembed
