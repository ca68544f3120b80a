#include "cli/slice_table.hpp"

#include <cmath>
#include <span>
#include <utility>

#include "io/slice_name.hpp"
#include "text/number_text.hpp"

namespace mriembed::cli {

namespace {

std::string milliseconds(double seconds) { return text::fixed(1e3 * seconds, 2); }

std::vector<text::TextTable::Column> columns(bool several_files) {
  std::vector<text::TextTable::Column> all{{"file", text::TextTable::Align::left},
                                           {"slice", text::TextTable::Align::left},
                                           {"coils"},
                                           {"energy kept"},
                                           {"norm"},
                                           {"read ms"},
                                           {"preprocessing ms"},
                                           {"network ms"}};
  if (!several_files) {
    all.erase(all.begin());
  }
  return all;
}

}  // namespace

SliceTable::SliceTable(bool several_files) : several_files_(several_files), table_(columns(several_files)) {}

void SliceTable::add(const std::string& file, const EmbeddedScan& scan) {
  const std::size_t length = scan.embeddings.size() / scan.slices.size();
  for (std::size_t index = 0; index < scan.slices.size(); ++index) {
    double energy = 0;
    for (const float component : std::span<const float>(scan.embeddings).subspan(index * length, length)) {
      energy += static_cast<double>(component) * component;
    }
    const EmbeddedSlice& slice = scan.slices[index];
    add_row({file, name_of(slice.label), std::to_string(slice.coils), text::fixed(slice.energy_kept, 4),
             text::fixed(std::sqrt(energy), 6), milliseconds(slice.read_seconds),
             milliseconds(slice.preprocessing_seconds), milliseconds(slice.network_seconds)});
    read_ += slice.read_seconds;
    preprocessing_ += slice.preprocessing_seconds;
    network_ += slice.network_seconds;
    ++slices_;
  }
}

std::string SliceTable::text() {
  const std::string total = "total: " + std::to_string(slices_) + (slices_ == 1 ? " slice" : " slices");
  add_row({several_files_ ? total : "", several_files_ ? "" : total, "", "", "", milliseconds(read_),
           milliseconds(preprocessing_), milliseconds(network_)});
  return table_.text();
}

void SliceTable::add_row(std::vector<std::string> cells) {
  if (!several_files_) {
    cells.erase(cells.begin());
  }
  table_.add_row(std::move(cells));
}

}  // namespace mriembed::cli
