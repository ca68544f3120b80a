#include "embedding_writer.hpp"

#include <unistd.h>

#include <bit>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "atomic_file.hpp"

namespace mriembed::cli {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::invalid_argument, reason); }

// The shortest text that reads back as the same number.
std::string text_of_number(auto number) {
  std::array<char, 32> text{};
  const auto [end, failure] = std::to_chars(text.begin(), text.end(), number);
  return {text.begin(), end};
}

ordered_json description_of(const EmbeddedSlice& row, const std::string& weights_sha256) {
  return {{"file", row.file},
          {"slice", row.label.slice},
          {"contrast", row.label.contrast},
          {"phase", row.label.phase},
          {"repetition", row.label.repetition},
          {"set", row.label.set},
          {"partition", row.label.partition},
          {"coils", row.coils},
          {"energy_kept", row.energy_kept},
          {"weights_sha256", weights_sha256}};
}

std::string dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);  // file names need not be UTF-8
}

std::string joined_numbers(const std::vector<float>& embedding) {
  std::string text;
  for (const float component : embedding) {
    text += (text.empty() ? "" : ",") + text_of_number(component);
  }
  return text;
}

std::string json_line(const EmbeddedSlice& row, const std::string& weights_sha256) {
  std::string line = dump(description_of(row, weights_sha256));
  line.pop_back();
  return line + ",\"embedding\":[" + joined_numbers(row.embedding) + "]}\n";
}

std::string json_array(const std::vector<EmbeddedSlice>& rows, const std::string& weights_sha256) {
  std::string text = "[";
  for (const EmbeddedSlice& row : rows) {
    text += (text.size() == 1 ? "\n" : ",\n") + dump(description_of(row, weights_sha256));
  }
  return text + "\n]\n";
}

// RFC 4180: fields with commas, quotes or line ends are quoted, quotes doubled.
std::string csv_field(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) {
    return field;
  }
  std::string quoted = "\"";
  for (const char character : field) {
    quoted += character == '"' ? "\"\"" : std::string(1, character);
  }
  return quoted + "\"";
}

std::string csv_text(const std::vector<EmbeddedSlice>& rows, const std::string& weights_sha256) {
  std::string text = "file,slice,contrast,phase,repetition,set,partition,coils,energy_kept,weights_sha256";
  for (std::size_t component = 0; component < rows.front().embedding.size(); ++component) {
    text += ",e" + std::to_string(component);
  }
  text += '\n';
  for (const EmbeddedSlice& row : rows) {
    text += csv_field(row.file);
    for (const std::int64_t number : {std::int64_t{row.label.slice}, std::int64_t{row.label.contrast},
                                      std::int64_t{row.label.phase}, std::int64_t{row.label.repetition},
                                      std::int64_t{row.label.set}, std::int64_t{row.label.partition}, row.coils}) {
      text += "," + std::to_string(number);
    }
    text += "," + text_of_number(row.energy_kept) + "," + weights_sha256 + "," + joined_numbers(row.embedding) + "\n";
  }
  return text;
}

// Format version 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
std::string npy_header(std::size_t rows, std::size_t columns) {
  static_assert(std::endian::native == std::endian::little, "the values are written as they lie in memory");
  std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                           std::to_string(columns) + "), }";
  constexpr std::size_t preamble = 10;
  while ((preamble + dictionary.size() + 1) % 64 != 0) {
    dictionary += ' ';
  }
  dictionary += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xffU);
  header += static_cast<char>(dictionary.size() >> 8U);
  return header + dictionary;
}

std::string sidecar_of(const std::string& npy) { return npy.substr(0, npy.size() - 4) + ".json"; }

bool ends_with(const std::string& text, std::string_view ending) {
  return text.size() > ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

}  // namespace

EmbeddingWriter::EmbeddingWriter(std::string path, const std::vector<std::string>& inputs) : path_(std::move(path)) {
  if (path_ == "-") {
    format_ = Format::standard_output;
    return;
  }
  if (ends_with(path_, ".npy")) {
    format_ = Format::npy;
  } else if (ends_with(path_, ".csv")) {
    format_ = Format::csv;
  } else if (ends_with(path_, ".jsonl")) {
    format_ = Format::json_lines;
  } else {
    refuse("--output " + path_ + ": expected a name ending in .npy, .csv or .jsonl, or - for standard output");
  }
  std::error_code failure;
  const fs::path folder = fs::path(path_).has_parent_path() ? fs::path(path_).parent_path() : fs::path(".");
  if (!fs::is_directory(folder, failure)) {
    refuse("--output " + path_ + ": the folder " + folder.string() + " does not exist");
  }
  if (access(folder.c_str(), W_OK) != 0) {
    refuse("--output " + path_ + ": the folder " + folder.string() + " cannot be written to");
  }
  for (const std::string& output : outputs()) {
    if (fs::is_directory(output, failure)) {
      refuse("--output " + output + ": this is a folder; name a file");
    }
    for (const std::string& input : inputs) {
      if (fs::equivalent(output, input, failure)) {
        refuse("--output " + output + ": this is an input, which would be destroyed; choose another name");
      }
    }
  }
}

std::vector<std::string> EmbeddingWriter::outputs() const {
  switch (format_) {
    case Format::standard_output:
      return {"standard output"};
    case Format::npy:
      return {path_, sidecar_of(path_)};
    case Format::csv:
    case Format::json_lines:
      break;
  }
  return {path_};
}

void EmbeddingWriter::write(const std::vector<EmbeddedSlice>& rows, const std::string& weights_sha256) const {
  if (format_ == Format::standard_output) {
    for (const EmbeddedSlice& row : rows) {
      std::cout << json_line(row, weights_sha256);
    }
    if (!std::cout.flush()) {
      throw Error(ErrorCode::internal, "standard output cannot be written");
    }
    return;
  }
  AtomicFile file(path_);
  if (format_ == Format::npy) {
    AtomicFile sidecar(sidecar_of(path_));
    sidecar.write(json_array(rows, weights_sha256));
    file.write(npy_header(rows.size(), rows.front().embedding.size()));
    for (const EmbeddedSlice& row : rows) {
      file.write({reinterpret_cast<const char*>(row.embedding.data()), row.embedding.size() * sizeof(float)});
    }
    file.finish();
    sidecar.finish();
    sidecar.commit();
    file.commit();
    return;
  }
  if (format_ == Format::csv) {
    file.write(csv_text(rows, weights_sha256));
  } else {
    for (const EmbeddedSlice& row : rows) {
      file.write(json_line(row, weights_sha256));
    }
  }
  file.finish();
  file.commit();
}

}  // namespace mriembed::cli
