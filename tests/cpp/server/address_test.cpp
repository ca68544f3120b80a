#include "server/address.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "mriembed/error.hpp"

namespace mriembed::server {
namespace {

TEST(Address, is_a_host_and_a_port) {
  const Address address = Address::parse("example.org:9002");
  EXPECT_EQ(address.host, "example.org");
  EXPECT_EQ(address.port, "9002");
  EXPECT_EQ(Address::parse("[::1]:80").host, "::1");
  EXPECT_EQ(Address::parse("[::1]:80").text(), "[::1]:80");
}

TEST(Address, of_another_form_is_refused) {
  for (const char* text : {"", "9002", ":9002", "host:", "host:http", "host:65536", "host:-1", "::1:9002"}) {
    EXPECT_THROW(Address::parse(text), Error) << text;
  }
}

TEST(Listener, takes_connections_at_a_port_that_the_system_chose) {
  const Listener listener = listen_at({"127.0.0.1", "0"});
  EXPECT_TRUE(listener.loopback);
  EXPECT_NE(listener.address.port, "0");
  const io::Descriptor client = connect_to(listener.address, std::chrono::seconds(5));
  pollfd waiting{listener.socket.get(), POLLIN, 0};
  ASSERT_EQ(poll(&waiting, 1, 5000), 1);
  EXPECT_GE(accept_from(listener).get(), 0);
  EXPECT_LT(accept_from(listener).get(), 0);  // none waits
  EXPECT_THROW(listen_at(listener.address), Error);
}

TEST(Listener, gives_up_a_client_that_has_lost_its_network_after_two_minutes) {
  const Listener listener = listen_at({"127.0.0.1", "0"});
  const io::Descriptor client = connect_to(listener.address, std::chrono::seconds(5));
  pollfd waiting{listener.socket.get(), POLLIN, 0};
  ASSERT_EQ(poll(&waiting, 1, 5000), 1);
  const io::Descriptor connection = accept_from(listener);
  const auto value_of = [&](int level, int option) {
    int value = 0;
    socklen_t size = sizeof(value);
    EXPECT_EQ(getsockopt(connection.get(), level, option, &value, &size), 0);
    return value;
  };
  EXPECT_EQ(value_of(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(
      value_of(IPPROTO_TCP, TCP_KEEPIDLE) + value_of(IPPROTO_TCP, TCP_KEEPINTVL) * value_of(IPPROTO_TCP, TCP_KEEPCNT),
      120);
}

TEST(Listener, knows_addresses_that_others_reach) { EXPECT_FALSE(listen_at({"0.0.0.0", "0"}).loopback); }

TEST(Connection, to_nobody_is_refused) {
  Address address{"127.0.0.1", "1"};
  EXPECT_THROW(connect_to(address, std::chrono::seconds(5)), Error);
  address.host = "no.such.host.invalid";
  EXPECT_THROW(connect_to(address, std::chrono::seconds(5)), Error);
}

}  // namespace
}  // namespace mriembed::server
