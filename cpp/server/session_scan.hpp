// The scan of a session: from its header over its acquisitions to the slices that the worker embeds.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/live_scan.hpp"
#include "io/mrd_header.hpp"
#include "io/mrd_messages.hpp"
#include "io/volume_key.hpp"
#include "server/client_texts.hpp"
#include "server/scan_check.hpp"
#include "server/scan_context.hpp"
#include "server/service.hpp"
#include "server/session_settings.hpp"
#include "server/slice_embedder.hpp"
#include "server/slice_worker.hpp"

namespace mriembed::server {

// One scan after the other. What is wrong with one is told to the client, and ends this scan alone.
class SessionScan {
 public:
  // `settings` are the session's, which the client may change until the first acquisition comes.
  SessionScan(Service& service, const SessionSettings& settings, ClientTexts& texts, SliceWorker& worker);

  // A header came. Ends the scan before it.
  void begin(const std::string& xml);

  // An acquisition comes, by which time the client has said how it wants them taken. False: there is no scan that it
  // belongs to.
  bool takes_acquisitions();
  // Expects that it does.
  void add(const io::Acquisition& line, const io::AcquisitionOrigin& origin,
           std::span<const std::complex<float>> samples);

  // No acquisition comes any more. Waits until all slices are answered.
  void end();
  // Tells why, and takes no acquisition until the next header.
  void abandon(const std::string& reason);
  void forget();

 private:
  const std::shared_ptr<const ScanContext>& context();
  void take_line(const io::SliceAssembler::PlacedLine& line);
  void take_slices();
  void keep(const io::MeasuredNoise& noise);

  Service& service_;
  const SessionSettings& settings_;
  ClientTexts& texts_;
  SliceWorker& worker_;
  std::optional<io::MrdHeader> header_;     // of a scan whose first acquisition is to come
  std::string header_fault_;                // of a header that is no scan's
  std::vector<std::string> noise_sources_;  // that the scan's header names
  std::unique_ptr<io::LiveScan> scan_;
  std::shared_ptr<const ScanContext> context_;
  // Slices that are not whole, and their partition; null: they are embedded as a whole.
  std::map<std::pair<io::VolumeKey, std::int64_t>, std::unique_ptr<ArrivingEmbedding>> arriving_;
  std::shared_ptr<ScanCheck> check_;   // of the scan; null: it is not checked
  std::vector<std::string> warnings_;  // of the scan
  // The first line of volumes that are not whole.
  std::map<io::VolumeKey, std::pair<io::Acquisition, io::AcquisitionOrigin>> first_lines_;
  io::Slice slice_;  // memory for the next one that is whole
  bool told_of_holding_ = false;
  bool without_scan_ = false;  // acquisitions came that no header tells of
};

}  // namespace mriembed::server
