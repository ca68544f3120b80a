#include "server/descriptor_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mriembed::server {

namespace {

// Readouts of many coils are longer: they are read to where they belong.
constexpr std::size_t buffer_bytes = std::size_t{1} << 15U;

bool is_ready(int descriptor, short events, std::chrono::milliseconds longest) {
  pollfd waiting{descriptor, events, 0};
  return poll(&waiting, 1, static_cast<int>(longest.count())) > 0;
}

bool is_passing(int error) { return error == EINTR || error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

DescriptorSource::DescriptorSource(int descriptor, const std::atomic<bool>& stop)
    : descriptor_(descriptor), stop_(stop), buffer_(buffer_bytes) {}

void DescriptorSource::wait() const {
  const Clock::time_point begin = Clock::now();
  for (;;) {
    const bool ready = is_ready(descriptor_, POLLIN, look_up);
    if (stop_) {
      throw Stopped();
    }
    const Clock::time_point now = Clock::now();
    if (deadline_.has_value() && now >= *deadline_) {
      throw TimedOut();
    }
    if (ready) {
      return;
    }
    if (idle_timeout_.count() > 0 && now - begin >= idle_timeout_) {
      throw TimedOut();
    }
  }
}

std::size_t DescriptorSource::receive(void* to, std::size_t most) {
  for (bool waited = false;; waited = true) {
    // What is there is taken at once. A pipe cannot be asked so: it is waited for.
    if (waited || !is_socket_ || stop_ || deadline_.has_value()) {
      wait();
    }
    ssize_t count = -1;
    if (is_socket_) {
      count = recv(descriptor_, to, most, MSG_DONTWAIT);
      is_socket_ = count >= 0 || errno != ENOTSOCK;
    }
    if (!is_socket_) {
      wait();
      count = ::read(descriptor_, to, most);
    }
    if (count > 0) {
      return static_cast<std::size_t>(count);
    }
    if (count == 0 || !is_passing(errno)) {
      throw CutShort();
    }
  }
}

std::size_t DescriptorSource::read_some(void* to, std::size_t most) {
  std::size_t count = 0;
  if (begin_ == end_ && most >= buffer_.size()) {
    count = receive(to, most);  // past the buffer
  } else {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = 0;
      end_ = receive(buffer_.data(), buffer_.size());
    }
    count = std::min(most, end_ - begin_);
    std::memcpy(to, buffer_.data() + begin_, count);
    begin_ += count;
  }
  place_ += static_cast<std::int64_t>(count);
  return count;
}

// Of a socket alone: a pipe would have this thread wait.
std::size_t DescriptorSink::write_at_once(std::string_view bytes) {
  const ssize_t count = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

std::size_t DescriptorSink::write_some(std::string_view bytes) {
  while (!gave_up_) {
    if (!is_ready(descriptor_, POLLOUT, look_up)) {
      continue;
    }
    // Neither a socket nor a pipe may hold this thread where it could not be cancelled; and a pipe takes as much as
    // this at once whenever it is ready.
    constexpr std::size_t at_once = 4096;
    const ssize_t count = is_socket_ ? send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                                     : ::write(descriptor_, bytes.data(), std::min(bytes.size(), at_once));
    if (count < 0 && errno == ENOTSOCK) {
      is_socket_ = false;
    } else if (count >= 0 || !is_passing(errno)) {
      return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
  }
  return 0;
}

}  // namespace mriembed::server
