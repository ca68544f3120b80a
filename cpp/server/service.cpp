#include "server/service.hpp"

#include "mriembed/error.hpp"
#include "mriembed/version.h"

namespace mriembed::server {

std::string Service::state() const {
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
  std::string model_state = "is being loaded";
  if (embedder.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    try {
      model_state = "sha256 " + embedder.get()->model().sha256;
    } catch (const Error& error) {
      model_state = std::string("cannot be loaded: ") + error.what();
    }
  }
  return "mriembed " MRIEMBED_VERSION ", model " + model_file + " (" + model_state + "), sessions " +
         std::to_string(sessions) + ", slices " + std::to_string(embedded) + ", uptime " +
         std::to_string(uptime.count()) + " s";
}

}  // namespace mriembed::server
