#include "server/descriptor_stream.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "io/descriptor.hpp"

namespace mriembed::server {
namespace {

using namespace std::chrono_literals;

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data());
    ours = io::Descriptor(ends[0]);
    theirs = io::Descriptor(ends[1]);
  }
  io::Descriptor ours{-1};
  io::Descriptor theirs{-1};
};

TEST(DescriptorStream, carries_bytes_of_any_number) {
  const Pair pair;
  std::string sent(3'000'000, '\0');
  for (std::size_t index = 0; index < sent.size(); ++index) {
    sent[index] = static_cast<char>(index * 7 + index / 1000);
  }
  std::thread writer([&] {
    DescriptorSink sink(pair.theirs.get());
    EXPECT_TRUE(sink.write(sent));
  });
  const std::atomic<bool> stop = false;
  DescriptorSource source(pair.ours.get(), stop);
  std::string received(1'000'000, '\0');
  source.read(received.data(), 10);
  source.skip(500'000);
  source.read(received.data(), received.size());
  EXPECT_EQ(received, sent.substr(500'010, 1'000'000));
  EXPECT_EQ(source.place(), 1'500'010);
  source.skip(1'499'990);
  writer.join();
}

TEST(DescriptorStream, ends_where_the_other_side_does) {
  Pair pair;
  DescriptorSink(pair.theirs.get()).write("abc");
  pair.theirs = io::Descriptor(-1);
  const std::atomic<bool> stop = false;
  DescriptorSource source(pair.ours.get(), stop);
  std::array<char, 4> bytes{};
  EXPECT_THROW(source.read(bytes.data(), 4), io::ByteSource::CutShort);
  EXPECT_FALSE(DescriptorSink(pair.ours.get()).write("x"));  // and no SIGPIPE
}

TEST(DescriptorStream, ends_when_it_is_told_to_or_waits_too_long) {
  const Pair pair;
  std::atomic<bool> stop = false;
  DescriptorSource source(pair.ours.get(), stop);
  char byte = 0;
  source.set_deadline(DescriptorSource::Clock::now());
  EXPECT_THROW(source.read(&byte, 1), TimedOut);
  source.set_deadline(std::nullopt);
  source.set_idle_timeout(1ms);
  EXPECT_THROW(source.read(&byte, 1), TimedOut);
  stop = true;
  EXPECT_THROW(source.read(&byte, 1), Stopped);
}

TEST(DescriptorSink, gives_up_on_who_does_not_read) {
  const Pair pair;
  DescriptorSink sink(pair.theirs.get());
  const std::vector<char> much(10'000'000, 'x');
  std::thread writer([&] { EXPECT_FALSE(sink.write({much.data(), much.size()})); });
  sink.give_up();
  writer.join();
}

TEST(DescriptorSink, writes_to_pipes) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const io::Descriptor reading(ends[0]);
  const io::Descriptor writing(ends[1]);
  const std::string sent(300'000, 'y');
  std::thread writer([&] { EXPECT_TRUE(DescriptorSink(writing.get()).write(sent)); });
  const std::atomic<bool> stop = false;
  DescriptorSource source(reading.get(), stop);
  EXPECT_EQ(source.text(sent.size()), sent);
  writer.join();
}

}  // namespace
}  // namespace mriembed::server
