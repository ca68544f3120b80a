// One session of an MRD v1 stream server: bytes in, rows and bytes out. Knows nothing of sockets.
// Protocol: doc/mrd_streaming_protocol.md of ISMRMRD; Gadgetron's additions from its apps/gadgetron/connection.
#pragma once

#include <chrono>
#include <complex>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/byte_source.hpp"
#include "server/client_texts.hpp"
#include "server/outbox.hpp"
#include "server/service.hpp"
#include "server/session_file.hpp"
#include "server/session_scan.hpp"
#include "server/session_settings.hpp"
#include "server/slice_worker.hpp"

namespace mriembed::server {

// Who runs a session.
struct SessionHost {
  std::function<void()> header_came = [] {};                         // the first one
  std::function<bool()> is_stopped = [] { return false; };           // reading throws Stopped then
  std::chrono::milliseconds longest_tap = std::chrono::seconds(30);  // see Session
};

// Takes messages until CLOSE or the end of the bytes. Slices are embedded as soon as they are whole; each one's answer
// is an image message. After an error the scan's messages are taken and dropped until CLOSE, so that the client is not
// disturbed; where the stream cannot be followed any further, the session ends at once. The last answer is CLOSE.
//
// Where every message goes back (tap), none is lost: what the client leaves lying is waited for. One that takes nothing
// for SessionHost::longest_tap, as one does that sends all before it reads, is told so, and gets no further message
// back.
//
// Memory: in proportion to the bytes received, see LiveScan, and no message of more than 256 MiB.
class Session final {
 public:
  // `name`: of its rows and in the log.
  Session(Service& service, std::string name, io::ByteSource& bytes, ByteSink& answers, SessionHost host);

  // Returns when nothing is left to do but to close the connection. Throws nothing but std::bad_alloc.
  void run();

  // Takes and drops what the client still sends, until the bytes end in any way. Closing a connection on unread bytes
  // would take the answers back.
  void take_rest();

  // Waits until the client has taken all answers; false: it has not within this time.
  bool is_answered(std::chrono::milliseconds longest) { return outbox_.flush(longest); }

 private:
  // The stream cannot be followed any further.
  struct Lost : std::exception {
    explicit Lost(std::string text) : reason(std::move(text)) {}

    std::string reason;
  };

  void take_messages();
  void tell_of_stop();
  // False: it was the last one.
  bool take(std::uint16_t number);
  void set_tap(bool taps);
  void pass_on();
  void take_configuration(const std::string& text);
  void take_parameters(const std::string& text);
  void save(std::string_view part);
  void begin_file();
  void begin_scan(const std::string& xml);
  void take_acquisition();
  void answer_query();
  void answer_dependency();
  void finish();

  Service& service_;
  std::string name_;
  SessionSettings settings_;
  bool taps_;            // messages go back
  std::string tapped_;   // the message in work, where messages go back
  std::string unsaved_;  // the first bytes, where sessions are saved: before a header, or up to a limit
  std::unique_ptr<SessionFile> file_;
  TappedSource bytes_;
  Outbox outbox_;
  ClientTexts texts_;
  SessionHost host_;
  SliceWorker worker_;
  SessionScan scan_;
  std::vector<std::complex<float>> samples_;
  std::optional<std::string> noise_query_;
  bool closed_ = false;             // by the client
  std::int64_t images_ = 0;         // that were left out
  bool tap_has_ended_ = false;      // before the session
  std::int64_t not_passed_on_ = 0;  // messages
  std::int64_t acquisitions_ = 0;
  std::int64_t scans_ = 0;
};

}  // namespace mriembed::server
