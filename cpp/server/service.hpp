// What all sessions of a server share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "server/noise_store.hpp"
#include "server/row_sink.hpp"
#include "server/scan_check.hpp"
#include "server/session_file.hpp"
#include "server/session_settings.hpp"
#include "server/slice_embedder.hpp"

namespace mriembed::server {

// Outlives its sessions. From any thread, once it is filled.
struct Service {
  SessionSettings settings;
  std::shared_future<std::shared_ptr<const SliceEmbedder>> embedder;  // throws Error where it cannot be loaded
  std::string model_file;
  NoiseStore* noise = nullptr;
  // Makes the check of a scan; empty: scans are not checked.
  std::function<std::unique_ptr<ScanCheck>()> new_check;
  RowSink* rows = nullptr;                 // null: rows are written nowhere
  std::string save_folder;                 // empty: sessions are not saved
  SavedBytes* saved = nullptr;             // with save_folder
  std::atomic<std::int64_t> sessions = 0;  // at present
  std::atomic<std::int64_t> embedded = 0;  // slices so far
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

  // Takes a line for the service's log, from any thread.
  enum class Level { note, error };
  std::function<void(Level level, const std::string& line)> log = [](Level, const std::string&) {};

  // One line: program, model, sessions, time since the start.
  [[nodiscard]] std::string state() const;
};

}  // namespace mriembed::server
