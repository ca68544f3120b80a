#include "mriembed/model_file.hpp"

#include "metadata.hpp"
#include "torchscript/archive.hpp"

namespace mriembed {

ModelInfo read_model_info(const std::string& path) { return torchscript::Archive(path).metadata().info; }

}  // namespace mriembed
