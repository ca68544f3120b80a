#include "batches/batch_reader.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "mriembed/error.hpp"
#include "slice_name.hpp"

namespace mriembed::io {

namespace {

void check_size(const Slice& slice, Domain domain) {
  const auto expected = static_cast<std::size_t>(slice.channels * slice.height * slice.width);
  const std::size_t held = domain == Domain::network_input ? slice.network_input.size() : slice.samples.size();
  if (held != expected) {
    throw Error(ErrorCode::internal, name_of(slice.label) + ": the reader gave " + std::to_string(held) +
                                         " samples where " + std::to_string(expected) + " belong");
  }
}

}  // namespace

BatchReader::BatchReader(std::size_t scans, OpenScan open, std::int64_t limit)
    : scans_(scans), open_(std::move(open)), limit_(limit) {}

bool BatchReader::read(ScanBatch& batch, const IsWanted& is_wanted) {
  for (; scan_ < scans_; close()) {
    batch.scan = scan_;
    batch.last = false;
    batch.failure = nullptr;
    batch.facts = nullptr;
    batch.slices.clear();
    try {
      fill(batch, is_wanted);
    } catch (...) {
      batch.facts = nullptr;
      batch.slices = SliceBatch();  // lets go of its memory: that may be what there was too little of
      slice_ = Slice();
      batch.failure = std::current_exception();
      batch.last = true;
    }
    if (is_wanted(scan_)) {
      if (batch.last) {
        close();
      }
      return true;
    }
  }
  return false;
}

// Ends where the batch is full, the scan has no more slices or is no longer wanted.
void BatchReader::fill(ScanBatch& batch, const IsWanted& is_wanted) {
  if (reader_ == nullptr && is_wanted(scan_)) {
    open();
  }
  batch.facts = facts_;
  while (is_wanted(scan_)) {
    if (!pending_) {
      read_slice();
    }
    if (!batch.slices.has_room_for(slice_, limit_)) {
      return;
    }
    batch.slices.add(slice_, pending_seconds_);
    pending_ = false;
    if (next_slice_ == facts_->summary.slices) {
      batch.last = true;
      return;
    }
  }
}

void BatchReader::open() {
  reader_ = open_(scan_);
  facts_ = std::make_shared<const ScanFacts>(facts_of(*reader_));
  if (facts_->summary.slices < 1) {
    throw Error(ErrorCode::bad_input, "the file holds no slices");
  }
}

void BatchReader::read_slice() {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  slice_.geometry = SliceGeometry();  // which readers of formats without one leave as it is
  reader_->read(next_slice_, slice_);
  pending_seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
  check_size(slice_, facts_->summary.domain);
  ++next_slice_;
  pending_ = true;
}

void BatchReader::close() {
  reader_.reset();
  facts_.reset();
  next_slice_ = 0;
  pending_ = false;
  ++scan_;
}

}  // namespace mriembed::io
