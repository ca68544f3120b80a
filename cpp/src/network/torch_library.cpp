#include "network/torch_library.hpp"

#include <dlfcn.h>

#include <array>
#include <climits>
#include <filesystem>
#include <string>

#include "mriembed/error.hpp"
#include "mriembed/version.h"

namespace mriembed {

namespace {

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::device_not_available, "this needs torch, which is not available: " + reason +
                                                   "; on a CPU, model files that `mriembed export` "
                                                   "writes do not need it");
}

// As it was when the library was loaded. The program may have loaded it by a relative path and left that folder since.
std::filesystem::path folder_of_this_library() {
  static const int here = 0;
  Dl_info info{};
  void* library = nullptr;
  std::array<char, PATH_MAX> folder{};
  if (dladdr1(&here, &info, &library, RTLD_DL_LINKMAP) == 0 || dlinfo(library, RTLD_DI_ORIGIN, folder.data()) != 0) {
    refuse("the folder of libmriembed is not known");
  }
  return folder.data();
}

const TorchInterface& load() {
  const std::filesystem::path file = (folder_of_this_library() / "libmriembed_torch.so").lexically_normal();
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = dlerror();
    refuse(reason != nullptr ? reason : file.string() + " cannot be loaded");
  }
  const auto interface = reinterpret_cast<const TorchInterface* (*)()>(dlsym(library, torch_interface_symbol));
  if (interface == nullptr || std::string(interface()->version) != MRIEMBED_VERSION) {
    refuse(file.string() + " is not that of mriembed " MRIEMBED_VERSION);
  }
  return *interface();
}

}  // namespace

const TorchInterface& torch_library() {
  static const TorchInterface& loaded = load();  // a failed attempt is made again by the next call
  return loaded;
}

}  // namespace mriembed
