// Reads scans ahead: while the caller embeds one batch, a thread of its own reads the next, of the same scan or of one
// that follows.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "batches/batch_reader.hpp"

namespace mriembed::io {

// For one caller's thread. All that touches a scan's reader, from opening to closing, happens in the one reader thread:
// HDF5 is not made for more.
//
// Two batches exist, no matter how many scans there are and how slowly they are embedded: the caller's and the one
// ahead. Beside them the reader thread holds one open scan and at most one slice, which opens the batch after these.
class ScanPrefetcher {
 public:
  // `open` is called in the reader thread. `limit` as SliceBatch::has_room_for takes it. `is_cancelled`, asked in both
  // threads, says whether the work shall end early; once it says yes, it says yes for ever.
  ScanPrefetcher(
      std::size_t scans, OpenScan open, std::int64_t limit, std::function<bool()> is_cancelled = [] { return false; });

  // Returns once the slice that is being read is read.
  ~ScanPrefetcher() = default;
  ScanPrefetcher(const ScanPrefetcher&) = delete;
  ScanPrefetcher& operator=(const ScanPrefetcher&) = delete;

  // Waits for the next batch of this scan, which stays valid until the next call. What is left of scans before it is
  // dropped, and no more of them read. A scan whose last batch was returned must not be asked for again. nullptr: the
  // work is cancelled, no more is read.
  const ScanBatch* next(std::size_t scan);

 private:
  void run(const std::stop_token& stop, std::size_t scans, const OpenScan& open, std::int64_t limit);

  std::function<bool()> is_cancelled_;
  ScanBatch in_work_;  // the caller's
  ScanBatch ahead_;    // the reader thread's while !ready_, the caller's while ready_

  std::mutex mutex_;  // of ready_ and done_
  std::condition_variable_any changed_;
  bool ready_ = false;
  bool done_ = false;                         // the reader thread has no more scans
  std::atomic<std::size_t> first_wanted_{0};  // scans before this one need not be read

  std::jthread thread_;  // last, so that it ends before what it uses
};

}  // namespace mriembed::io
