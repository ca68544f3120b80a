// The check of `mriembed_cli check`, slice by slice.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/checked_scan.hpp"
#include "cli/limits_file.hpp"
#include "server/scan_check.hpp"

namespace mriembed::server {

class QualityCheck final : public ScanCheck {
 public:
  explicit QualityCheck(cli::LimitsFile limits) : checker_({std::move(limits), std::nullopt}) {}

  SliceQuality add(const io::Slice& slice, const ScanContext& scan) override;
  [[nodiscard]] std::vector<std::string> findings() const override;

 private:
  cli::ScanChecker checker_;
};

}  // namespace mriembed::server
