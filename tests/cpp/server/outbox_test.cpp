#include "server/outbox.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>

#include "server/memory_streams.hpp"

namespace mriembed::server {
namespace {

using namespace std::chrono_literals;
using testing_streams::MemorySink;

TEST(Outbox, writes_messages_in_their_order) {
  MemorySink sink;
  Outbox outbox(sink);
  for (const char* message : {"a", "bc", "d"}) {
    EXPECT_TRUE(outbox.put(message));
  }
  EXPECT_TRUE(outbox.flush(10s));
  EXPECT_EQ(sink.bytes(), "abcd");
}

TEST(Outbox, never_waits_for_who_reads_and_holds_no_more_than_it_says) {
  MemorySink sink(false);
  Outbox outbox(sink);
  const std::string part(Outbox::most_bytes / 4, 'x');
  int taken = 0;
  while (outbox.put(part)) {
    ++taken;
  }
  EXPECT_EQ(taken, 4);
  EXPECT_EQ(outbox.lost(), 1);
  outbox.put_always("last");
  EXPECT_FALSE(outbox.flush(1ms));
  sink.open();
  EXPECT_TRUE(outbox.flush(10s));
  EXPECT_TRUE(outbox.put("more"));
  EXPECT_TRUE(outbox.flush(10s));
  EXPECT_EQ(sink.bytes().size(), Outbox::most_bytes + 8);
}

TEST(Outbox, makes_who_asks_for_room_wait_for_who_reads) {
  const auto never = [] { return false; };
  MemorySink sink(false);
  Outbox outbox(sink);
  const std::string part(Outbox::most_bytes / 4, 'x');
  for (int count = 0; count < 4; ++count) {
    EXPECT_TRUE(outbox.wait_for_room(part.size(), 10s, never));
    EXPECT_TRUE(outbox.put(part));
  }
  EXPECT_FALSE(outbox.wait_for_room(1, 20ms, never));
  EXPECT_FALSE(outbox.wait_for_room(1, 1h, [] { return true; }));
  auto room = std::async(std::launch::async, [&] { return outbox.wait_for_room(part.size(), 10s, never); });
  EXPECT_EQ(room.wait_for(50ms), std::future_status::timeout);
  sink.open();
  EXPECT_TRUE(room.get());
  EXPECT_TRUE(outbox.flush(10s));
  EXPECT_TRUE(outbox.wait_for_room(2 * Outbox::most_bytes, 10s, never)) << "nothing else waits";
  EXPECT_EQ(outbox.lost(), 0);
}

TEST(Outbox, waits_for_who_takes_a_single_message_slowly) {
  MemorySink sink(false);
  Outbox outbox(sink);
  ASSERT_TRUE(outbox.put(std::string(Outbox::most_bytes, 'x')));
  const auto longest = 1s;
  std::size_t last = Outbox::most_bytes / 2;
  const auto begin = std::chrono::steady_clock::now();
  // Is asked whenever nothing was taken for a while. It takes longer than that for part of one message.
  std::size_t next = 1;
  const auto take_a_little = [&] {
    sink.take(next);
    next = std::chrono::steady_clock::now() - begin < 3 * longest / 2 ? 1 : std::exchange(last, 0);
    return false;
  };
  EXPECT_TRUE(outbox.wait_for_room(Outbox::most_bytes / 4, longest, take_a_little));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, longest);
  EXPECT_LT(sink.bytes().size(), Outbox::most_bytes);
  EXPECT_FALSE(outbox.wait_for_room(Outbox::most_bytes, 20ms, [] { return false; }));
  sink.give_up();
}

TEST(Outbox, lets_nobody_wait_once_nobody_reads) {
  MemorySink sink(false);
  Outbox outbox(sink);
  outbox.put(std::string(Outbox::most_bytes, 'x'));
  auto room = std::async(std::launch::async, [&] { return outbox.wait_for_room(1, 10s, [] { return false; }); });
  sink.give_up();
  EXPECT_TRUE(room.get());
  EXPECT_FALSE(outbox.put("y"));
}

TEST(Outbox, takes_nothing_once_nobody_reads) {
  MemorySink sink(false);
  Outbox outbox(sink);
  outbox.put("a");
  outbox.put("b");
  sink.give_up();
  EXPECT_TRUE(outbox.flush(10s));
  EXPECT_FALSE(outbox.put("c"));
  EXPECT_EQ(sink.bytes(), "");
}

}  // namespace
}  // namespace mriembed::server
