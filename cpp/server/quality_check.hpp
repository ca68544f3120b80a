// The check of `mriembed_cli check`, slice by slice.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "check/checked_scan.hpp"
#include "server/scan_check.hpp"

namespace mriembed::server {

class QualityCheck final : public ScanCheck {
 public:
  explicit QualityCheck(check::CheckCriteria criteria) : checker_(std::move(criteria)) {}

  SliceQuality add(const io::Slice& slice, const ScanContext& scan) override;
  [[nodiscard]] std::vector<std::string> findings() const override;
  [[nodiscard]] std::vector<std::string> not_compared() const override;

 private:
  check::ScanChecker checker_;
};

}  // namespace mriembed::server
