#include "network/load_network.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "argument_checks.hpp"
#include "network/native_network.hpp"
#include "network/torch_library.hpp"

namespace mriembed {

namespace {

// Whether this is the CPU's name. Throws Error invalid_argument for what is no device's.
bool is_cpu(const std::string& device) {
  const bool numbered = device.size() > 5 && device.size() <= 8 && device.starts_with("cuda:") &&
                        std::all_of(device.begin() + 5, device.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (device != "cpu" && device != "cuda" && !numbered) {
    refuse_argument("device must be \"cpu\", \"cuda\" or \"cuda:N\", not \"" + device + "\"");
  }
  return device == "cpu";
}

void check_precision(Precision precision, bool on_cpu) {
  if (precision != Precision::float32 && precision != Precision::bfloat16 && precision != Precision::float16) {
    refuse_argument("precision must be float32, bfloat16 or float16");
  }
  if (precision == Precision::float16 && on_cpu) {
    throw Error(ErrorCode::device_not_available, "precision float16 needs a GPU; a CPU takes float32 or bfloat16");
  }
}

}  // namespace

std::unique_ptr<const Network> load_network(const ModelArchive& archive, const Options& options) {
  const bool on_cpu = is_cpu(options.device);
  check_precision(options.precision, on_cpu);
  if (options.backend == Backend::torch) {
    return torch_library().load({archive, options.device, options.precision, options.threads, nullptr});
  }
  const std::optional<kernels::NetworkWeights> weights = native_weights(archive);
  if (weights && on_cpu) {
    archive.check_weights();
    return make_native_network(*weights, options.precision);
  }
  auto network = options.backend == Backend::native && !weights
                     ? nullptr
                     : torch_library().load({archive, options.device, options.precision, options.threads,
                                             weights ? &*weights : nullptr});
  if (options.backend == Backend::native && (network == nullptr || !network->native())) {
    refuse_argument(archive.path() + ": backend native has no kernels for " +
                    (weights ? "device \"" + options.device + "\" in this build" : "the layers of its network") +
                    "; backend torch runs it");
  }
  return network;
}

}  // namespace mriembed
