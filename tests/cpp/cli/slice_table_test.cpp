#include "cli/slice_table.hpp"

#include <gtest/gtest.h>

namespace mriembed::cli {
namespace {

EmbeddedScan scan_of_two_slices() {
  EmbeddedScan scan;
  for (const int index : {0, 1}) {
    EmbeddedSlice slice;
    slice.label.slice = index;
    slice.coils = 8;
    slice.energy_kept = 0.75;
    slice.read_seconds = 0.001;
    slice.preprocessing_seconds = 0.002;
    slice.network_seconds = 0.0125;
    scan.slices.push_back(slice);
  }
  scan.embeddings = {3, 4, 1, 0};
  return scan;
}

TEST(SliceTable, has_a_line_for_each_slice_and_one_of_totals) {
  SliceTable table(false);
  table.add("scan.h5", scan_of_two_slices());
  EXPECT_EQ(table.text(),
            "slice            coils  energy kept      norm  read ms  preprocessing ms  network ms\n"
            "slice 0              8       0.7500  5.000000     1.00              2.00       12.50\n"
            "slice 1              8       0.7500  1.000000     1.00              2.00       12.50\n"
            "total: 2 slices                                   2.00              4.00       25.00\n");
}

TEST(SliceTable, names_the_file_where_there_are_several) {
  SliceTable table(true);
  table.add("a.h5", scan_of_two_slices());
  const std::string text = table.text();
  EXPECT_EQ(text.find("file "), 0U);
  EXPECT_NE(text.find("\na.h5 "), std::string::npos);
  EXPECT_NE(text.find("\ntotal: 2 slices "), std::string::npos);
}

}  // namespace
}  // namespace mriembed::cli
