#include "mriembed/model_file.hpp"

#include "library_call.hpp"
#include "model_file/model_archive.hpp"
#include "network/torch_library.hpp"

namespace mriembed {

ModelInfo read_model_info(const std::string& path, const Trust& trust) {
  return library_call([&] { return ModelArchive(path, trust).metadata().info; });
}

std::string read_checked_model_file(const std::string& path, const Trust& trust) {
  return library_call([&] {
    const ModelArchive archive(path, trust);
    torch_library().check(archive);
    return archive.bytes();
  });
}

}  // namespace mriembed
