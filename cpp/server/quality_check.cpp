#include "server/quality_check.hpp"

#include "check/check_report.hpp"
#include "mriembed/array_view.hpp"

namespace mriembed::server {

SliceQuality QualityCheck::add(const io::Slice& slice, const ScanContext& scan) {
  return checker_.add(scan.header, scan.noise, slice.label,
                      ArrayView<const std::complex<float>, 3>::row_major(slice.samples.data(),
                                                                         {slice.channels, slice.height, slice.width}));
}

std::vector<std::string> QualityCheck::findings() const {
  std::vector<std::string> lines;
  for (const check::Checked& checked : checker_.checked()) {
    for (const std::string& line : check::lines_of(checked)) {
      lines.push_back(line);
    }
  }
  return lines;
}

std::vector<std::string> QualityCheck::not_compared() const {
  std::vector<std::string> lines;
  for (const check::Checked& checked : checker_.checked()) {
    if (const std::string left = check::not_compared(checked); !left.empty()) {
      lines.push_back("not judged: " + left);
    }
  }
  return lines;
}

}  // namespace mriembed::server
