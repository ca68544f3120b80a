// Where a server listens, and connections to it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "io/descriptor.hpp"

namespace mriembed::server {

// HOST:PORT, [IPV6]:PORT. A port of 0: the system chooses one.
struct Address {
  std::string host;
  std::string port;

  // Throws Error invalid_argument.
  static Address parse(const std::string& text);
  [[nodiscard]] std::string text() const;
};

// A socket that listens, and the address it got.
struct Listener {
  io::Descriptor socket;
  Address address;
  bool loopback = true;
};

// Throws Error invalid_argument, which names the address, where it cannot be had.
Listener listen_at(const Address& address);

// A connection that was accepted; a descriptor of -1 where there is none any more.
io::Descriptor accept_from(const Listener& listener);

// Throws Error internal, which names the address, where nobody answers within this time.
io::Descriptor connect_to(const Address& address, std::chrono::milliseconds longest);

}  // namespace mriembed::server
