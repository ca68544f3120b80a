// Reads scans one after the other, batch by batch. Knows nothing of threads: scan_prefetcher.hpp runs it in one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include "batches/slice_batch.hpp"
#include "scan_facts.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// One batch of a scan. Every scan has at least one: a good scan's hold all of its slices between them; that of a scan
// that cannot be opened or read holds the failure instead and is its last.
struct ScanBatch {
  std::size_t scan = 0;
  bool last = false;                       // of its scan
  std::exception_ptr failure;              // then neither facts nor slices
  std::shared_ptr<const ScanFacts> facts;  // a copy: the scan is closed before its last batch is embedded
  SliceBatch slices;
};

// Opens scan number `scan`; throws where it cannot be embedded.
using OpenScan = std::function<std::unique_ptr<ScanReader>(std::size_t scan)>;

// Whether anybody still waits for batches of this scan. Once it says no, it says no for ever.
using IsWanted = std::function<bool(std::size_t scan)>;

class BatchReader {
 public:
  // Reads the scans 0, 1, ..., scans - 1. `limit` as SliceBatch::has_room_for takes it.
  BatchReader(std::size_t scans, OpenScan open, std::int64_t limit);

  // Reads the next batch into `batch`, whose memory it reuses. Scans that are not wanted are left out, in their middle,
  // too. False: no scan is left. How slices are grouped into batches depends on the scans alone.
  bool read(ScanBatch& batch, const IsWanted& is_wanted);

 private:
  void fill(ScanBatch& batch, const IsWanted& is_wanted);
  void open();
  void read_slice();
  void close();

  std::size_t scans_;
  OpenScan open_;
  std::int64_t limit_;

  std::size_t scan_ = 0;                    // the one being read
  std::unique_ptr<ScanReader> reader_;      // nullptr: not open yet
  std::shared_ptr<const ScanFacts> facts_;  // of the open scan
  std::int64_t next_slice_ = 0;             // of the open scan
  bool pending_ = false;                    // slice_ was read and found no room in the last batch
  double pending_seconds_ = 0;              // which that took
  Slice slice_;
};

}  // namespace mriembed::io
