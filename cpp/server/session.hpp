// One session of an MRD v1 stream server: bytes in, rows and bytes out. Knows nothing of sockets.
// Protocol: doc/mrd_streaming_protocol.md of ISMRMRD; Gadgetron's additions from its apps/gadgetron/connection.
#pragma once

#include <atomic>
#include <chrono>
#include <complex>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/byte_source.hpp"
#include "io/live_scan.hpp"
#include "io/mrd_messages.hpp"
#include "io/volume_key.hpp"
#include "server/outbox.hpp"
#include "server/service.hpp"
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
  // False: it was the last one.
  bool take(std::uint16_t number);
  void pass_on();
  void take_configuration(const std::string& text);
  void take_parameters(const std::string& text);
  void save(std::string_view part);
  void begin_scan(const std::string& xml);
  void take_acquisition();
  void take_line(const io::SliceAssembler::PlacedLine& line);
  const std::shared_ptr<const ScanContext>& context();
  // Once the client has had the time to say how. False: there is no scan.
  bool has_scan();
  void take_slices();
  void end_scan();
  void abandon_scan(const std::string& reason);
  void answer_query();
  void answer_dependency();
  void finish();

  void forget_scan();
  void warn(const std::string& text);
  void fail(const std::string& text);
  void say(std::string_view prefix, const std::string& text);
  void log(const std::string& text) const;

  Service& service_;
  std::string name_;
  SessionSettings settings_;
  std::atomic<bool> gadgetron_;  // the worker asks, too
  std::atomic<bool> taps_;
  std::string tapped_;   // the message in work, where messages go back
  std::string unsaved_;  // what came before the first header, where sessions are saved
  std::unique_ptr<SessionFile> file_;
  TappedSource bytes_;
  Outbox outbox_;
  SessionHost host_;
  SliceWorker worker_;
  std::optional<io::MrdHeader> header_;     // of a scan whose first acquisition is to come
  std::string header_fault_;                // of a header that is no scan's
  std::vector<std::string> noise_sources_;  // that the scan's header names
  std::unique_ptr<io::LiveScan> scan_;
  std::shared_ptr<const ScanContext> context_;
  // Slices that are not whole; null: they are embedded as a whole.
  std::map<io::VolumeKey, std::unique_ptr<ArrivingEmbedding>> arriving_;
  std::shared_ptr<ScanCheck> check_;   // of the scan; null: it is not checked
  std::vector<std::string> warnings_;  // of the scan
  // The first line of volumes that are not whole.
  std::map<io::VolumeKey, std::pair<io::Acquisition, io::AcquisitionOrigin>> first_lines_;
  std::vector<std::complex<float>> samples_;
  io::Slice slice_;  // memory for the next one that is whole
  std::optional<std::string> noise_query_;
  bool closed_ = false;  // by the client
  bool told_of_holding_ = false;
  bool without_scan_ = false;       // acquisitions came that no header tells of
  std::int64_t images_ = 0;         // that were left out
  bool tap_has_ended_ = false;      // before the session
  std::int64_t not_passed_on_ = 0;  // messages
  std::int64_t acquisitions_ = 0;
  std::int64_t scans_ = 0;
};

}  // namespace mriembed::server
