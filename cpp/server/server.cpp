#include "server/server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/interruption.hpp"
#include "server/descriptor_stream.hpp"
#include "server/session.hpp"

namespace mriembed::server {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long a client may take for its last answers, and a server that is stopped for each session's.
constexpr milliseconds longest_farewell{30'000};
constexpr milliseconds longest_stop{700};
// How often at most the log says that no descriptor is left: sessions end and begin meanwhile.
constexpr std::chrono::minutes full_again{1};

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

// How many scans come in at the same time. From any thread.
class Places {
 public:
  explicit Places(std::int64_t count) : free_(count) {}

  // Waits for a free place; false: `stop` came first.
  bool take(const std::atomic<bool>& stop) {
    std::unique_lock lock(mutex_);
    while (!freed_.wait_for(lock, look_up, [this] { return free_ > 0; })) {
      if (stop) {
        return false;
      }
    }
    --free_;
    return true;
  }

  void give_back() {
    {
      const std::scoped_lock lock(mutex_);
      ++free_;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  std::int64_t free_;
};

// Whether a scan came in.
bool run_session(Service& service, const std::string& name, int input, int output, bool is_socket,
                 const ServerOptions& options, Places& places, const std::atomic<bool>& stop) {
  ++service.sessions;
  bool has_scan = false;
  bool has_place = false;
  try {
    DescriptorSource source(input, stop);
    DescriptorSink sink(output);
    source.set_deadline(DescriptorSource::Clock::now() + options.header_timeout);
    SessionHost host;
    host.header_came = [&] {
      has_scan = true;
      has_place = places.take(stop);
      source.set_deadline(std::nullopt);
      source.set_idle_timeout(options.idle_timeout);
    };
    host.is_stopped = [&] { return stop.load(); };
    if (options.idle_timeout.count() > 0) {
      host.longest_tap = options.idle_timeout;
    }
    Session session(service, name, source, sink, std::move(host));
    session.run();
    const auto begin = DescriptorSource::Clock::now();
    while (!session.is_answered(look_up)) {
      const auto waited = DescriptorSource::Clock::now() - begin;
      if (waited > (stop ? longest_stop : longest_farewell)) {
        service.log(Service::Level::note,
                    "session " + name + ": the client takes no answers; the connection is closed");
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
  if (has_place) {
    places.give_back();
  }
  --service.sessions;
  return has_scan;
}

struct RunningSession {
  explicit RunningSession(io::Descriptor accepted) : connection(std::move(accepted)) {}

  io::Descriptor connection;
  std::atomic<bool> ended = false;
  bool had_scan = false;  // once it has ended
  std::thread thread;
};

class Sessions {
 public:
  Sessions(Service& service, const ServerOptions& options)
      : service_(service), options_(options), places_(options.once ? 1 : options.sessions) {}
  ~Sessions() {
    stop_ = true;
    for (RunningSession& session : running_) {
      session.thread.join();
    }
  }
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  // Of a machine that has no thread left, the connection is closed.
  void begin(io::Descriptor connection) {
    RunningSession& session = running_.emplace_back(std::move(connection));
    try {
      session.thread = std::thread([this, &session, name = session_name(++count_)] {
        const int connected = session.connection.get();
        session.had_scan = run_session(service_, name, connected, connected, true, options_, places_, stop_);
        session.ended = true;
      });
    } catch (const std::system_error& error) {
      service_.log(Service::Level::error,
                   std::string("a connection is closed: no thread can be started for it: ") + error.what());
      running_.pop_back();
    }
  }

  void forget_ended() {
    for (auto session = running_.begin(); session != running_.end();) {
      if (session->ended) {
        session->thread.join();
        scans_ += session->had_scan ? 1 : 0;
        session = running_.erase(session);
      } else {
        ++session;
      }
    }
  }

  // Clients without a scan, who ask how the service is, find a full one, too.
  [[nodiscard]] bool is_full() const {
    constexpr std::int64_t without_scan = 16;
    return static_cast<std::int64_t>(running_.size()) >= options_.sessions + without_scan;
  }
  // Sessions with a scan that have ended.
  [[nodiscard]] std::int64_t scans() const { return scans_; }

 private:
  Service& service_;
  const ServerOptions& options_;
  Places places_;
  std::atomic<bool> stop_ = false;
  std::list<RunningSession> running_;
  std::int64_t count_ = 0;
  std::int64_t scans_ = 0;
};

}  // namespace

void serve_sockets(Service& service, const std::vector<Listener>& listeners, const ServerOptions& options) {
  Sessions sessions(service, options);
  std::optional<steady_clock::time_point> said_full;
  std::vector<pollfd> waiting(listeners.size());
  for (std::size_t index = 0; index < listeners.size(); ++index) {
    waiting[index] = {listeners[index].socket.get(), POLLIN, 0};
  }
  for (;;) {
    sessions.forget_ended();
    if (cli::Interruption::requested() || (options.once && sessions.scans() > 0)) {
      return;
    }
    if (sessions.is_full()) {
      std::this_thread::sleep_for(milliseconds(10));
      continue;
    }
    // With `once` it looks up soon, so that the end of the session is the end of the program.
    const auto longest = options.once ? milliseconds(10) : look_up;
    if (poll(waiting.data(), waiting.size(), static_cast<int>(longest.count())) <= 0) {
      continue;
    }
    for (std::size_t index = 0; index < listeners.size(); ++index) {
      if ((waiting[index].revents & POLLIN) != 0 && !sessions.is_full()) {
        io::Descriptor connection = accept_from(listeners[index]);
        if (connection.get() >= 0) {
          sessions.begin(std::move(connection));
        } else if (errno == EMFILE || errno == ENFILE) {  // it goes on waiting, and poll() goes on saying so
          const auto now = steady_clock::now();
          if (!said_full || now - *said_full >= full_again) {
            service.log(Service::Level::error, "no further connection is taken at present: " +
                                                   std::generic_category().message(errno) + " (ulimit -n)");
            said_full = now;
          }
          std::this_thread::sleep_for(look_up);
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
  Places places(1);
  run_session(service, session_name(1), STDIN_FILENO, STDOUT_FILENO, false, options, places, stop);
  ended = true;
  watch.join();
}

}  // namespace mriembed::server
