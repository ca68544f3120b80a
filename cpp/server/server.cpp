#include "server/server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <exception>
#include <list>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "cli/interruption.hpp"
#include "server/descriptor_stream.hpp"
#include "server/session.hpp"

namespace mriembed::server {

namespace {

using std::chrono::milliseconds;

// How long a client may take for its last answers, and a server that is stopped for each session's.
constexpr milliseconds longest_farewell{30'000};
constexpr milliseconds longest_stop{700};

// "20261129T163000Z-5f2c09d1-3": sorts by time, and no two runs of the service have the same.
std::string session_name(std::int64_t number) {
  static const std::string run = [] {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%08x", std::random_device()());
    return std::string(text.data());
  }();
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  return std::string(text.data()) + "-" + run + "-" + std::to_string(number);
}

void run_session(Service& service, const std::string& name, int input, int output, bool is_socket,
                 const ServerOptions& options, const std::atomic<bool>& stop) {
  ++service.sessions;
  try {
    DescriptorSource source(input, stop);
    DescriptorSink sink(output);
    source.set_deadline(DescriptorSource::Clock::now() + options.header_timeout);
    Session session(service, name, source, sink, [&] {
      source.set_deadline(std::nullopt);
      source.set_idle_timeout(options.idle_timeout);
    });
    session.run();
    const auto begin = DescriptorSource::Clock::now();
    while (!session.is_answered(look_up)) {
      const auto waited = DescriptorSource::Clock::now() - begin;
      if (waited > (stop ? longest_stop : longest_farewell)) {
        service.log(Service::Level::note, "session " + name + ": the client takes no answers; the connection is closed");
        break;
      }
    }
    sink.give_up();
    if (is_socket) {
      constexpr milliseconds longest_rest{2000};
      shutdown(output, SHUT_WR);
      source.set_deadline(DescriptorSource::Clock::now() + longest_rest);
      session.take_rest();
    }
  } catch (const std::exception& error) {
    service.log(Service::Level::error, "session " + name + ": " + error.what());
  }
  --service.sessions;
}

struct RunningSession {
  explicit RunningSession(cli::Descriptor accepted) : connection(std::move(accepted)) {}

  cli::Descriptor connection;
  std::atomic<bool> ended = false;
  std::thread thread;
};

class Sessions {
 public:
  Sessions(Service& service, const ServerOptions& options) : service_(service), options_(options) {}
  ~Sessions() {
    stop_ = true;
    for (RunningSession& session : running_) {
      session.thread.join();
    }
  }
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  void begin(cli::Descriptor connection) {
    RunningSession& session = running_.emplace_back(std::move(connection));
    session.thread = std::thread([this, &session, name = session_name(++count_)] {
      run_session(service_, name, session.connection.get(), session.connection.get(), true, options_, stop_);
      session.ended = true;
    });
  }

  void forget_ended() {
    for (auto session = running_.begin(); session != running_.end();) {
      if (session->ended) {
        session->thread.join();
        session = running_.erase(session);
        ++ended_;
      } else {
        ++session;
      }
    }
  }

  [[nodiscard]] bool is_full() const { return static_cast<std::int64_t>(running_.size()) >= options_.sessions; }
  [[nodiscard]] std::int64_t begun() const { return count_; }
  [[nodiscard]] std::int64_t ended() const { return ended_; }

 private:
  Service& service_;
  const ServerOptions& options_;
  std::atomic<bool> stop_ = false;
  std::list<RunningSession> running_;
  std::int64_t count_ = 0;
  std::int64_t ended_ = 0;
};

}  // namespace

void serve_sockets(Service& service, const std::vector<Listener>& listeners, const ServerOptions& options) {
  Sessions sessions(service, options);
  std::vector<pollfd> waiting(listeners.size());
  for (std::size_t index = 0; index < listeners.size(); ++index) {
    waiting[index] = {listeners[index].socket.get(), POLLIN, 0};
  }
  while (!cli::Interruption::requested() && !(options.once && sessions.ended() > 0)) {
    sessions.forget_ended();
    const bool accepts = !sessions.is_full() && !(options.once && sessions.begun() > 0);
    if (!accepts) {
      std::this_thread::sleep_for(milliseconds(10));
      continue;
    }
    if (poll(waiting.data(), waiting.size(), static_cast<int>(look_up.count())) <= 0) {
      continue;
    }
    for (std::size_t index = 0; index < listeners.size(); ++index) {
      if ((waiting[index].revents & POLLIN) != 0 && !sessions.is_full()) {
        cli::Descriptor connection = accept_from(listeners[index]);
        if (connection.get() >= 0) {
          sessions.begin(std::move(connection));
        }
      }
    }
  }
}

void serve_standard_streams(Service& service, const ServerOptions& options) {
  std::atomic<bool> stop = false;
  std::atomic<bool> ended = false;
  std::thread watch([&] {
    while (!ended) {
      stop = stop || cli::Interruption::requested();
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  run_session(service, session_name(1), STDIN_FILENO, STDOUT_FILENO, false, options, stop);
  ended = true;
  watch.join();
}

}  // namespace mriembed::server
