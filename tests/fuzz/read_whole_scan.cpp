#include "read_whole_scan.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "mriembed/error.hpp"
#include "process/scan_stream.hpp"

// HDF5 must live with a request that is refused; the readers must not make one: a refused `new` is a finding.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer looks for this name
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=200:quarantine_size_mb=16";
}

namespace mriembed::fuzzing {

namespace {

void demand(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// What the reading process sends is what the other one understands. Scans of network input are never sent.
void check_facts(const io::ScanReader& scan) {
  const io::ScanSummary& summary = scan.summary();
  if (summary.domain != io::Domain::network_input) {
    const io::ScanFacts received = io::decoded_facts(io::encoded_facts(scan));
    demand(received.summary.slices == summary.slices && received.summary.notes == summary.notes);
  }
}

void check_slice(const io::Slice& slice, io::Domain domain) {
  demand(slice.channels > 0 && slice.height > 0 && slice.width > 0);
  const auto count = static_cast<std::size_t>(slice.channels * slice.height * slice.width);
  demand(slice.samples.size() == (domain == io::Domain::network_input ? 0 : count));
  demand(slice.network_input.size() == (domain == io::Domain::network_input ? count : 0));
  if (domain != io::Domain::network_input) {
    io::Slice received;
    constexpr std::int64_t no_limit = std::int64_t{1} << 40U;
    demand(decode_slice_head(io::encoded_slice_head(slice), no_limit, received) == count);
  }
}

void read_with(const OpenScan& open, const io::ReadOptions& options) {
  try {
    const std::unique_ptr<io::ScanReader> scan = open(options);
    const io::ScanSummary& summary = scan->summary();
    demand(summary.slices > 0);
    check_facts(*scan);
    io::Slice slice;
    constexpr std::int64_t enough = 8;
    for (std::int64_t index = 0; index < std::min(summary.slices, enough); ++index) {
      scan->read(index, slice);
      check_slice(slice, summary.domain);
    }
    scan->read(summary.slices - 1, slice);
    check_slice(slice, summary.domain);
  } catch (const Error& error) {
    demand(error.code() == ErrorCode::bad_input);
  }
}

}  // namespace

void read_whole_scan(const OpenScan& open) {
  read_with(open, {std::nullopt, false, {}});
  read_with(open, {io::Domain::kspace, true, {}});
  read_with(open, {io::Domain::image, true, {}});
}

}  // namespace mriembed::fuzzing
