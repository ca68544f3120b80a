// Sessions over sockets, or one over standard input and output.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "server/address.hpp"
#include "server/service.hpp"

namespace mriembed::server {

struct ServerOptions {
  std::int64_t sessions = 16;  // with a scan, at the same time; others wait at their header
  bool once = false;           // ends after the first session with a scan
  std::chrono::seconds header_timeout{30};
  std::chrono::seconds idle_timeout{0};  // 0: none
};

// Serves until a signal, or, with `once`, the end of the first session with a scan. Expects that an Interruption lives.
void serve_sockets(Service& service, const std::vector<Listener>& listeners, const ServerOptions& options);

void serve_standard_streams(Service& service, const ServerOptions& options);

}  // namespace mriembed::server
