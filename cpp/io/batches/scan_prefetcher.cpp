#include "batches/scan_prefetcher.hpp"

#include <string>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::io {

ScanPrefetcher::ScanPrefetcher(std::size_t scans, OpenScan open, std::int64_t limit, std::function<bool()> is_cancelled)
    : is_cancelled_(std::move(is_cancelled)),
      thread_([this, scans, open = std::move(open), limit](const std::stop_token& stop) {
        run(stop, scans, open, limit);
      }) {}

const ScanBatch* ScanPrefetcher::next(std::size_t scan) {
  first_wanted_ = scan;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ready_ || done_; });
    if (is_cancelled_()) {
      return nullptr;
    }
    if (!ready_) {
      throw Error(ErrorCode::internal, "scan " + std::to_string(scan) + " has no batch left");
    }
    const bool asked_for = ahead_.scan >= scan;
    if (asked_for) {
      std::swap(in_work_, ahead_);
    }
    ready_ = false;
    changed_.notify_all();
    if (asked_for) {
      return &in_work_;
    }
  }
}

// Waits before it reads, not after: what it holds then is one batch at most.
void ScanPrefetcher::run(const std::stop_token& stop, std::size_t scans, const OpenScan& open, std::int64_t limit) {
  BatchReader reader(scans, open, limit);
  const IsWanted is_wanted = [this, &stop](std::size_t scan) {
    return !stop.stop_requested() && !is_cancelled_() && scan >= first_wanted_;
  };
  for (bool more = true; more;) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !ready_; })) {
        return;
      }
    }
    more = reader.read(ahead_, is_wanted);
    {
      const std::scoped_lock lock(mutex_);
      ready_ = more;
      done_ = !more;
    }
    changed_.notify_all();
  }
}

}  // namespace mriembed::io
