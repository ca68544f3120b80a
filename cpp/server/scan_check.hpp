// Looks for what is broken in a scan while its slices come.
#pragma once

#include <string>
#include <vector>

#include "io/scan_reader.hpp"
#include "mriembed/scan_quality.hpp"
#include "server/scan_context.hpp"

namespace mriembed::server {

// Of one scan; for one thread at a time.
class ScanCheck {
 public:
  ScanCheck() = default;
  virtual ~ScanCheck() = default;
  ScanCheck(const ScanCheck&) = delete;
  ScanCheck& operator=(const ScanCheck&) = delete;

  // Looks at one slice. Throws Error for one that cannot be looked at.
  virtual SliceQuality add(const io::Slice& slice, const ScanContext& scan) = 0;

  // What was found in the slices so far, worst first, one line each.
  [[nodiscard]] virtual std::vector<std::string> findings() const = 0;

  // What was not compared with an earlier scan as it should have been, one line each.
  [[nodiscard]] virtual std::vector<std::string> not_compared() const { return {}; }
};

}  // namespace mriembed::server
