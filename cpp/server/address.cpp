#include "server/address.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "mriembed/error.hpp"

namespace mriembed::server {

namespace {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string reason() { return std::generic_category().message(errno); }

Addresses resolved(const Address& address, int flags, ErrorCode code) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (failure != 0) {
    throw Error(code, address.text() + ": no such address: " + gai_strerror(failure));
  }
  return Addresses(found);
}

Address address_of(const io::Descriptor& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host.data(), host.size(), port.data(), port.size(),
              NI_NUMERICHOST | NI_NUMERICSERV);
  return {host.data(), port.data()};
}

bool is_loopback(const std::string& host) { return host == "::1" || host.starts_with("127."); }

void set(const io::Descriptor& socket, int level, int option, int value = 1) {
  setsockopt(socket.get(), level, option, &value, sizeof(value));
}

// A client whose machine has lost its power or its network is gone after two minutes; the system would wait for hours.
void notice_silence(const io::Descriptor& connection) {
  set(connection, SOL_SOCKET, SO_KEEPALIVE);
  set(connection, IPPROTO_TCP, TCP_KEEPIDLE, 60);   // seconds until it is asked
  set(connection, IPPROTO_TCP, TCP_KEEPINTVL, 15);  // and asked again
  set(connection, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

}  // namespace

Address Address::parse(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto refuse = [&] {
    throw Error(ErrorCode::invalid_argument, "\"" + text + "\": HOST:PORT is right, such as 127.0.0.1:9002");
  };
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    refuse();
  }
  Address address{text.substr(0, colon), text.substr(colon + 1)};
  constexpr std::size_t most_digits = 5;
  const bool digits = std::ranges::all_of(address.port, [](char digit) { return digit >= '0' && digit <= '9'; });
  if (!digits || address.port.size() > most_digits || std::stoi(address.port) > 65535) {
    refuse();
  }
  if (address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    throw Error(ErrorCode::invalid_argument, "\"" + text + "\": an IPv6 address needs brackets, such as [::1]:9002");
  }
  return address;
}

std::string Address::text() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

Listener listen_at(const Address& address) {
  const Addresses found = resolved(address, AI_PASSIVE, ErrorCode::invalid_argument);
  io::Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set(socket, SOL_SOCKET, SO_REUSEADDR);
  if (found->ai_family == AF_INET6) {
    set(socket, IPPROTO_IPV6, IPV6_V6ONLY);
  }
  constexpr int waiting = 64;
  if (socket.get() < 0 || bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      listen(socket.get(), waiting) != 0) {
    throw Error(ErrorCode::invalid_argument,
                address.text() + ": cannot listen here: " + reason() + "; --listen names another address");
  }
  fcntl(socket.get(), F_SETFL, O_NONBLOCK);  // a client that is gone again must not keep accept() waiting
  Address own = address_of(socket);
  const bool loopback = is_loopback(own.host);
  return {std::move(socket), std::move(own), loopback};
}

io::Descriptor accept_from(const Listener& listener) {
  io::Descriptor connection(accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (connection.get() >= 0) {
    set(connection, IPPROTO_TCP, TCP_NODELAY);
    notice_silence(connection);
  }
  return connection;
}

io::Descriptor connect_to(const Address& address, std::chrono::milliseconds longest) {
  const Addresses found = resolved(address, 0, ErrorCode::internal);
  std::string failure;
  for (const addrinfo* one = found.get(); one != nullptr; one = one->ai_next) {
    io::Descriptor socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int error = 0;
    if (connect(socket.get(), one->ai_addr, one->ai_addrlen) != 0) {
      error = errno;
      pollfd waiting{socket.get(), POLLOUT, 0};
      if (error == EINPROGRESS) {
        socklen_t size = sizeof(error);
        error = ETIMEDOUT;
        if (poll(&waiting, 1, static_cast<int>(longest.count())) > 0) {
          getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        }
      }
    }
    if (error == 0) {
      fcntl(socket.get(), F_SETFL, 0);
      set(socket, IPPROTO_TCP, TCP_NODELAY);
      return socket;
    }
    failure = std::generic_category().message(error);
  }
  throw Error(ErrorCode::internal, address.text() + ": no connection: " + failure + "; is the server running there?");
}

}  // namespace mriembed::server
