#include "batches/scan_prefetcher.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mriembed/error.hpp"

namespace {

using mriembed::Error;
using mriembed::ErrorCode;
using mriembed::io::ScanBatch;
using mriembed::io::ScanPrefetcher;
namespace io = mriembed::io;

using Semaphore = std::counting_semaphore<1000>;
constexpr std::chrono::seconds long_enough(30);       // for what must happen
constexpr std::chrono::milliseconds long_waited(50);  // for what must not

// Slices of one coil and one pixel high; the scan's number and the slice's are in the samples.
struct FakeScan {
  std::vector<std::int64_t> widths;  // of each slice
  std::function<void(std::int64_t)> on_read = [](std::int64_t) {};
  std::function<void()> on_open = [] {};
};

class FakeReader final : public io::ScanReader {
 public:
  FakeReader(std::size_t number, const FakeScan& scan, std::function<void()> on_use)
      : number_(number), scan_(scan), on_use_(std::move(on_use)) {
    scan_.on_open();
    summary_.slices = static_cast<std::int64_t>(scan_.widths.size());
  }
  ~FakeReader() override { on_use_(); }
  FakeReader(const FakeReader&) = delete;
  FakeReader& operator=(const FakeReader&) = delete;

  [[nodiscard]] const io::ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<io::NoiseCovariance>& noise_covariance() const override { return noise_; }

  void read(std::int64_t index, io::Slice& slice) override {
    on_use_();
    scan_.on_read(index);
    slice.label.slice = static_cast<int>(index);
    slice.channels = 1;
    slice.height = 1;
    slice.width = scan_.widths.at(static_cast<std::size_t>(index));
    slice.samples.assign(static_cast<std::size_t>(slice.width),
                         {static_cast<float>(number_), static_cast<float>(index)});
  }

 private:
  std::size_t number_;
  const FakeScan& scan_;
  std::function<void()> on_use_;
  io::ScanSummary summary_;
  std::optional<io::NoiseCovariance> noise_;
};

class FakeScans {
 public:
  explicit FakeScans(std::vector<FakeScan> scans) : scans_(std::move(scans)) {}

  [[nodiscard]] std::unique_ptr<ScanPrefetcher> read_ahead(
      std::int64_t limit, std::function<bool()> is_cancelled = [] { return false; }) {
    return std::make_unique<ScanPrefetcher>(
        scans_.size(),
        [this](std::size_t number) {
          note_thread();
          return std::make_unique<FakeReader>(number, scans_.at(number), [this] { note_thread(); });
        },
        limit, std::move(is_cancelled));
  }

  // Those that opened, read or closed a scan.
  [[nodiscard]] std::set<std::thread::id> threads() {
    const std::scoped_lock lock(mutex_);
    return threads_;
  }

 private:
  void note_thread() {
    const std::scoped_lock lock(mutex_);
    threads_.insert(std::this_thread::get_id());
  }

  std::vector<FakeScan> scans_;
  std::mutex mutex_;
  std::set<std::thread::id> threads_;
};

// "1: 4 5" for the slices 4 and 5 of scan 1, "|" after the scan's last batch.
std::string text_of(const ScanBatch& batch) {
  std::string text = std::to_string(batch.scan) + ":";
  std::size_t at = 0;
  for (const io::SliceLabel& label : batch.slices.labels) {
    const std::complex<float> sample = batch.slices.samples.at(at);
    EXPECT_EQ(sample, std::complex<float>(static_cast<float>(batch.scan), static_cast<float>(label.slice)));
    at += static_cast<std::size_t>(batch.slices.width);
    text += " " + std::to_string(label.slice);
  }
  EXPECT_EQ(batch.slices.samples.size(), at);
  EXPECT_EQ(batch.slices.read_seconds.size(), batch.slices.count());
  return text + (batch.last ? "|" : "");
}

std::string message_of(const ScanBatch& batch) {
  try {
    if (batch.failure != nullptr) {
      std::rethrow_exception(batch.failure);
    }
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

// What every batch says, of all scans in their order.
std::vector<std::string> all_of(ScanPrefetcher& ahead, std::size_t scans) {
  std::vector<std::string> texts;
  for (std::size_t scan = 0; scan < scans; ++scan) {
    for (bool last = false; !last;) {
      const ScanBatch& batch = *ahead.next(scan);
      last = batch.last;
      texts.push_back(batch.failure != nullptr ? message_of(batch) : text_of(batch));
    }
  }
  return texts;
}

TEST(ScanPrefetcher, keeps_the_order_of_scans_and_slices) {
  FakeScans scans({{{4, 4, 4, 4, 4}}, {{4}}, {{2}}, {{3, 3, 3, 3}}});
  EXPECT_EQ(all_of(*scans.read_ahead(2), 4),
            (std::vector<std::string>{"0: 0 1", "0: 2 3", "0: 4|", "1: 0|", "2: 0|", "3: 0 1", "3: 2 3|"}));
}

TEST(ScanPrefetcher, keeps_slices_of_one_size_together_up_to_the_usual_batch) {
  FakeScans scans({{{4, 4, 2, 2, 2, 4}}, {std::vector<std::int64_t>(17, 1)}});
  EXPECT_EQ(all_of(*scans.read_ahead(0), 2),
            (std::vector<std::string>{"0: 0 1", "0: 2 3 4", "0: 5|", "1: 0 1 2 3 4 5 6 7", "1: 8 9 10 11 12 13 14 15",
                                      "1: 16|"}));
}

TEST(ScanPrefetcher, opens_reads_and_closes_in_one_thread_of_its_own) {
  FakeScans scans({{{1, 1}}, {{1}}, {{1}}});
  all_of(*scans.read_ahead(1), 3);
  EXPECT_EQ(scans.threads().size(), 1U);
  EXPECT_EQ(scans.threads().count(std::this_thread::get_id()), 0U);
}

TEST(ScanPrefetcher, reads_the_next_batch_of_a_scan_while_the_caller_works_on_one) {
  Semaphore second_batch_read(0);
  FakeScans scans({{{1, 1, 1, 1, 1, 1}, [&](std::int64_t index) {
                      if (index == 3) {
                        second_batch_read.release();
                      }
                    }}});
  const auto ahead = scans.read_ahead(2);
  EXPECT_EQ(text_of(*ahead->next(0)), "0: 0 1");
  EXPECT_TRUE(second_batch_read.try_acquire_for(long_enough));  // without another call of next()
}

TEST(ScanPrefetcher, reads_the_next_scan_while_the_caller_works_on_one) {
  Semaphore second_scan_read(0);
  FakeScans scans({{{1}}, {{1}, [&](std::int64_t) { second_scan_read.release(); }}});
  const auto ahead = scans.read_ahead(8);
  EXPECT_EQ(text_of(*ahead->next(0)), "0: 0|");
  EXPECT_TRUE(second_scan_read.try_acquire_for(long_enough));
}

TEST(ScanPrefetcher, keeps_what_the_caller_works_on_while_reading) {
  Semaphore second_scan_read(0);
  FakeScans scans({{{3}}, {{3}, [&](std::int64_t) { second_scan_read.release(); }}, {{3}}});
  const auto ahead = scans.read_ahead(8);
  const ScanBatch& batch = *ahead->next(0);
  const std::vector<std::complex<float>> before = batch.slices.samples;
  ASSERT_TRUE(second_scan_read.try_acquire_for(long_enough));
  EXPECT_EQ(batch.slices.samples, before);
  EXPECT_EQ(text_of(batch), "0: 0|");
}

TEST(ScanPrefetcher, reads_no_further_than_one_batch_and_a_slice_ahead) {
  constexpr std::int64_t limit = 2;
  std::atomic<std::int64_t> calls = 0;
  std::atomic<std::int64_t> too_far = 0;
  Semaphore reads(0);
  FakeScans scans({{std::vector<std::int64_t>(20, 1), [&](std::int64_t index) {
                      // The caller's batch, the one ahead and one slice; the index of the first slice is 0.
                      too_far += index >= (calls + 1) * limit + 1 ? 1 : 0;
                      reads.release();
                    }}});
  const auto ahead = scans.read_ahead(limit);
  std::int64_t seen = 0;
  for (bool last = false; !last;) {
    ++calls;
    last = ahead->next(0)->last;
    const std::int64_t allowed = std::min<std::int64_t>((calls + 1) * limit + 1, 20);
    for (; seen < allowed; ++seen) {
      ASSERT_TRUE(reads.try_acquire_for(long_enough));
    }
    EXPECT_FALSE(reads.try_acquire_for(long_waited));
  }
  EXPECT_EQ(calls, 10);
  EXPECT_EQ(too_far, 0);
}

TEST(ScanPrefetcher, opens_no_further_than_one_batch_ahead) {
  Semaphore opened(0);
  const FakeScan scan{{1}, [](std::int64_t) {}, [&] { opened.release(); }};
  const FakeScan bad{{}, [](std::int64_t) {}, [&] { opened.release(); }};
  FakeScans scans({scan, scan, bad, bad, scan, scan});
  const auto ahead = scans.read_ahead(8);
  for (std::size_t number = 0; number < 6; ++number) {
    ASSERT_TRUE(opened.try_acquire_for(long_enough));
    EXPECT_FALSE(opened.try_acquire_for(long_waited));
    ahead->next(number);
  }
}

TEST(ScanPrefetcher, gives_an_error_in_its_turn_and_goes_on_with_the_next_scan) {
  const auto fail_at_3 = [](std::int64_t index) {
    if (index == 3) {
      throw Error(ErrorCode::bad_input, "slice 3 cannot be read");
    }
  };
  FakeScans scans({{{1, 1}}, {{1, 1, 1, 1, 1}, fail_at_3}, {{1}}});
  // Slice 2 of scan 1 was read, but waits for company that never comes.
  EXPECT_EQ(all_of(*scans.read_ahead(2), 3),
            (std::vector<std::string>{"0: 0 1|", "1: 0 1", "slice 3 cannot be read", "2: 0|"}));
}

TEST(ScanPrefetcher, takes_what_a_failed_scan_left_over_for_nothing) {
  // Slice 1 has another size and is the first of the next batch when the caller gives the scan up.
  FakeScans scans({{{1, 2, 1, 1}}, {{2, 2}}});
  const auto ahead = scans.read_ahead(8);
  EXPECT_EQ(text_of(*ahead->next(0)), "0: 0");
  EXPECT_EQ(text_of(*ahead->next(1)), "1: 0 1|");
}

TEST(ScanPrefetcher, gives_the_error_of_a_scan_that_cannot_be_opened_in_its_turn) {
  const auto fail = [] { throw Error(ErrorCode::bad_input, "cannot be opened"); };
  FakeScans scans({{{1}, [](std::int64_t) {}, fail}, {{1}}, {{1}, [](std::int64_t) {}, fail}, {{}}, {{1}}});
  EXPECT_EQ(all_of(*scans.read_ahead(8), 5), (std::vector<std::string>{"cannot be opened", "1: 0|", "cannot be opened",
                                                                       "the file holds no slices", "4: 0|"}));
}

TEST(ScanPrefetcher, gives_errors_of_every_type_as_they_were_thrown) {
  FakeScans scans({{{1}, [](std::int64_t) { throw std::bad_alloc(); }},
                   {{1}, [](std::int64_t) { throw Error(ErrorCode::internal, "a defect"); }}});
  const auto ahead = scans.read_ahead(8);
  const ScanBatch& memory = *ahead->next(0);
  EXPECT_TRUE(memory.last);
  EXPECT_EQ(memory.slices.count(), 0U);
  EXPECT_THROW(std::rethrow_exception(memory.failure), std::bad_alloc);
  try {
    std::rethrow_exception(ahead->next(1)->failure);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
  }
}

TEST(ScanPrefetcher, reads_no_more_of_a_scan_that_is_passed_over) {
  std::atomic<int> reads = 0;
  FakeScans scans({{std::vector<std::int64_t>(1000, 1), [&](std::int64_t) { ++reads; }}, {{1}}, {{1}}});
  const auto ahead = scans.read_ahead(1);
  ahead->next(0);
  EXPECT_EQ(text_of(*ahead->next(2)), "2: 0|");
  EXPECT_LE(reads, 3);  // the caller's, the one ahead, and the slice after it
}

TEST(ScanPrefetcher, says_so_instead_of_waiting_for_a_batch_that_will_never_come) {
  FakeScans scans({FakeScan{{1}}});
  const auto ahead = scans.read_ahead(1);
  ahead->next(0);
  EXPECT_THROW(ahead->next(1), Error);
}

// Whether the destructor returns. `meanwhile` runs once its thread calls it.
bool ends(std::unique_ptr<ScanPrefetcher> ahead, const std::function<void()>& meanwhile) {
  std::latch called(1);
  std::future<void> destruction = std::async(std::launch::async, [&] {
    called.count_down();
    ahead.reset();
  });
  called.wait();
  meanwhile();
  return destruction.wait_for(long_enough) == std::future_status::ready;
}

TEST(ScanPrefetcher, ends_while_a_batch_waits_that_nobody_takes) {
  Semaphore reads(0);
  FakeScans scans({{{1, 1, 1, 1, 1}, [&](std::int64_t) { reads.release(); }}, {{1}}});
  auto ahead = scans.read_ahead(1);
  ASSERT_TRUE(reads.try_acquire_for(long_enough));
  ASSERT_TRUE(reads.try_acquire_for(long_enough));  // slice 0 is a batch now; nothing more is read
  EXPECT_TRUE(ends(std::move(ahead), [] {}));
}

TEST(ScanPrefetcher, ends_once_the_slice_in_work_is_read) {
  Semaphore started(0);
  Semaphore go_on(0);
  FakeScans scans({{std::vector<std::int64_t>(1000, 1), [&](std::int64_t) {
                      started.release();
                      EXPECT_TRUE(go_on.try_acquire_for(long_enough));
                    }}});
  auto ahead = scans.read_ahead(1000);
  ASSERT_TRUE(started.try_acquire_for(long_enough));
  EXPECT_TRUE(ends(std::move(ahead), [&] {
    EXPECT_FALSE(started.try_acquire_for(long_waited));  // the destructor has long been called
    go_on.release();
  }));
  EXPECT_FALSE(started.try_acquire());  // and no further slice was begun
}

TEST(ScanPrefetcher, ends_before_and_after_everything_was_read) {
  FakeScans none({});
  EXPECT_TRUE(ends(none.read_ahead(1), [] {}));
  FakeScans one({FakeScan{{1}}});
  auto ahead = one.read_ahead(1);
  ahead->next(0);
  EXPECT_TRUE(ends(std::move(ahead), [] {}));
}

TEST(ScanPrefetcher, cancelled_reads_no_further_slice_and_hands_out_no_batch) {
  Semaphore started(0);
  Semaphore go_on(0);
  std::atomic<bool> cancelled = false;
  FakeScans scans({{std::vector<std::int64_t>(1000, 1),
                    [&](std::int64_t) {
                      started.release();
                      EXPECT_TRUE(go_on.try_acquire_for(long_enough));
                    }},
                   {{1}}});
  const auto ahead = scans.read_ahead(1000, [&] { return cancelled.load(); });
  auto batch = std::async(std::launch::async, [&] { return ahead->next(0); });  // waits, as a whole batch takes long
  ASSERT_TRUE(started.try_acquire_for(long_enough));
  cancelled = true;
  go_on.release();
  ASSERT_EQ(batch.wait_for(long_enough), std::future_status::ready);
  EXPECT_EQ(batch.get(), nullptr);
  EXPECT_FALSE(started.try_acquire());
  EXPECT_EQ(ahead->next(1), nullptr);
}

TEST(ScanPrefetcher, cancelled_keeps_back_the_batch_that_waits) {
  std::atomic<bool> cancelled = false;
  FakeScans scans({{{1, 1, 1}}, {{1}}});
  const auto ahead = scans.read_ahead(1, [&] { return cancelled.load(); });
  EXPECT_EQ(text_of(*ahead->next(0)), "0: 0");
  cancelled = true;
  EXPECT_EQ(ahead->next(0), nullptr);
}

}  // namespace
