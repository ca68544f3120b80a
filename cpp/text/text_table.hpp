// Aligned text for people to read.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mriembed::text {

// A table with one line per row, columns padded to the widest cell.
class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::right;
  };

  explicit TextTable(std::vector<Column> columns);

  // One cell for each column.
  void add_row(std::vector<std::string> cells);

  [[nodiscard]] std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Lines "name   value", all values starting in one column; `indent` spaces before each line.
std::string aligned_listing(const std::vector<std::pair<std::string, std::string>>& entries, std::size_t indent = 0);

}  // namespace mriembed::text
