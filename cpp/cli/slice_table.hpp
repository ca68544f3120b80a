// The table of `embed --table`: a line for each slice, with times, and one of totals.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/scan_embedder.hpp"
#include "text/text_table.hpp"

namespace mriembed::cli {

class SliceTable {
 public:
  // The file of a slice is named where there are several.
  explicit SliceTable(bool several_files);

  void add(const std::string& file, const EmbeddedScan& scan);

  // The table with its line of totals.
  [[nodiscard]] std::string text();

 private:
  void add_row(std::vector<std::string> cells);

  bool several_files_;
  text::TextTable table_;
  std::size_t slices_ = 0;
  double read_ = 0;
  double preprocessing_ = 0;
  double network_ = 0;
};

}  // namespace mriembed::cli
