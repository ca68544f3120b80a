#include "text/text_table.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "text/one_line.hpp"

namespace mriembed::text {

namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no room of their own.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {
  std::vector<std::string> titles;
  titles.reserve(columns_.size());
  for (const Column& column : columns_) {
    titles.push_back(column.title);
  }
  rows_.push_back(std::move(titles));
}

void TextTable::add_row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) {
    cell = one_line(cell);
  }
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t column = 0; column < widths.size(); ++column) {
      widths[column] = std::max(widths[column], width_of(row[column]));
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t column = 0; column < widths.size(); ++column) {
      const std::string padding(widths[column] - width_of(row[column]), ' ');
      line += column > 0 ? "  " : "";
      line += columns_[column].align == Align::right ? padding + row[column] : row[column] + padding;
    }
    text += without_trailing_spaces(std::move(line)) + "\n";
  }
  return text;
}

std::string aligned_listing(const std::vector<std::pair<std::string, std::string>>& entries, std::size_t indent) {
  std::size_t widest = 0;
  for (const auto& [name, value] : entries) {
    widest = std::max(widest, width_of(name));
  }
  std::string text;
  for (const auto& [name, value] : entries) {
    const std::string padding(widest - width_of(name) + 2, ' ');
    text += without_trailing_spaces(std::string(indent, ' ') + name + padding + one_line(value)) + "\n";
  }
  return text;
}

}  // namespace mriembed::text
