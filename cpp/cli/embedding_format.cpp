#include "cli/embedding_format.hpp"

#include <bit>
#include <nlohmann/json.hpp>
#include <string_view>

#include "check/check_json.hpp"
#include "cli/header_text.hpp"
#include "text/number_text.hpp"
#include "text/one_line.hpp"

namespace mriembed::cli {

namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "the .npy header says little-endian");

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char character : text) {
    quoted += character == '"' ? "\"\"" : std::string(1, character);
  }
  return quoted + "\"";
}

std::string joined(std::span<const float> numbers) {
  std::string text;
  for (const float number : numbers) {
    text += text.empty() ? "" : ",";
    text += text::shortest(number);
  }
  return text;
}

}  // namespace

std::string npy_header(std::int64_t rows, std::int64_t columns) {
  std::string description = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                            std::to_string(columns) + "), }";
  constexpr std::size_t prefix_size = 10;  // magic, version, length of what follows
  constexpr std::size_t length = npy_header_size - prefix_size;
  static_assert(length < 256, "the length's second byte is written as zero");
  description.resize(length - 1, ' ');
  description += '\n';
  using namespace std::string_view_literals;
  return std::string("\x93NUMPY\x01\x00"sv) + static_cast<char>(length) + '\0' + description;
}

std::string json_beginning(const ModelIdentity& model) {
  Json root;
  root["model"] = model.file;
  root["model_sha256"] = model.sha256;
  root["embed_dim"] = model.embed_dim;
  std::string text = dump(root);
  text.pop_back();
  return text + ",\"rows\":[\n";
}

std::string json_entry(const EmbeddingSource& source, const ModelIdentity& model) {
  Json entry;
  entry["file"] = source.file;
  entry["slice"] = source.label.slice;
  entry["contrast"] = source.label.contrast;
  entry["phase"] = source.label.phase;
  entry["repetition"] = source.label.repetition;
  entry["set"] = source.label.set;
  entry["partition"] = source.label.partition;
  entry["measurement"] = source.label.measurement;
  if (source.label.position_mm.has_value()) {
    entry["position_mm"] = *source.label.position_mm;
  }
  entry["coils"] = source.coils;
  entry["energy_kept"] = source.energy_kept;
  entry["sampling"] = source.sampling;
  entry["model_sha256"] = model.sha256;
  if (!source.warnings.empty()) {
    entry["warnings"] = source.warnings;
  }
  if (source.quality.has_value()) {
    entry["quality"] = check::json_of(*source.quality);
  }
  if (source.quality.has_value() && source.findings.has_value()) {
    entry["findings"] = *source.findings;
  }
  // The coils' names are the same for all rows of a scan, and many: inspect tells them.
  nlohmann::ordered_json header = header_json(source.header);
  header.erase("coil_names");
  if (!header.empty()) {
    entry["header"] = header;
  }
  return dump(entry);
}

std::string json_end() { return "\n]}\n"; }

std::string json_line(const EmbeddingSource& source, const ModelIdentity& model, std::span<const float> embedding) {
  // The JSON library would write a float with the digits of a double; shortest() is exact with half of them.
  std::string line = json_entry(source, model);
  line.pop_back();
  return line + ",\"embedding\":[" + joined(embedding) + "]}\n";
}

std::string csv_header(const ModelIdentity& model) {
  std::string line =
      "file,slice,contrast,phase,repetition,set,partition,measurement,coils,energy_kept,sampling,model_sha256";
  for (std::int64_t component = 0; component < model.embed_dim; ++component) {
    line += ",e" + std::to_string(component);
  }
  return line + "\n";
}

std::string csv_line(const EmbeddingSource& source, const ModelIdentity& model, std::span<const float> embedding) {
  const io::SliceLabel& label = source.label;
  std::string line = csv_field(text::valid_utf8(source.file));
  for (const int index :
       {label.slice, label.contrast, label.phase, label.repetition, label.set, label.partition, label.measurement}) {
    line += "," + std::to_string(index);
  }
  line += "," + std::to_string(source.coils) + "," + text::shortest(source.energy_kept) + "," +
          csv_field(source.sampling) + "," + csv_field(model.sha256);
  return line + "," + joined(embedding) + "\n";
}

}  // namespace mriembed::cli
