#include "text/text_table.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using mriembed::text::TextTable;

TEST(TextTable, pads_columns_to_the_widest_cell) {
  TextTable table({{"file", TextTable::Align::left}, {"ms"}});
  table.add_row({"a", "1.00"});
  table.add_row({"longer", "10.00"});
  EXPECT_EQ(table.text(),
            "file       ms\n"
            "a        1.00\n"
            "longer  10.00\n");
}

TEST(TextTable, counts_characters_not_bytes) {
  TextTable table({{"f", TextTable::Align::left}, {"n"}});
  table.add_row({"\xc3\xa4", "1"});
  table.add_row({"bb", "2"});
  EXPECT_EQ(table.text(), "f   n\n\xc3\xa4   1\nbb  2\n");
}

TEST(TextTable, keeps_control_characters_off_the_terminal) {
  TextTable table({{"f", TextTable::Align::left}});
  table.add_row({"a\x1b[2J\nb"});
  EXPECT_EQ(table.text(), "f\na [2J b\n");
}

TEST(AlignedListing, starts_all_values_in_one_column) {
  EXPECT_EQ(mriembed::text::aligned_listing({{"a", "1"}, {"long", "2"}, {"b", ""}}, 1), " a     1\n long  2\n b\n");
}

}  // namespace
