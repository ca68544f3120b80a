#include "torch_backend/archive_records.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "mriembed/error.hpp"

namespace mriembed::torch_backend {

namespace {

// Those of the default model: 12 KB of code in its largest file, 3 KB of data.pkl, 61 KB of mriembed.json.
constexpr std::size_t most_text = std::size_t{1} << 20U;
constexpr std::size_t most_metadata = std::size_t{1} << 24U;
constexpr std::size_t most_records = 4096;
constexpr std::size_t longest_line = std::size_t{1} << 14U;
constexpr int deepest_nesting = 128;

[[noreturn]] void refuse_record(const std::string& record, const std::string& reason) {
  throw Error(ErrorCode::bad_model_file, "its record " + record + " " + reason + "; it was not loaded");
}

enum class Kind { code, pickle, metadata, storage, debug, mark };

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Kind kind_of(const std::string& record) {
  const std::string_view name = record;
  if (name == "extra/mriembed.json") {
    return Kind::metadata;
  }
  if (name == "data.pkl" || name == "constants.pkl") {
    return Kind::pickle;
  }
  if (name.starts_with("code/__torch__") && name.ends_with(".py")) {
    return Kind::code;
  }
  if (name.starts_with("code/__torch__") && name.ends_with(".py.debug_pkl")) {
    return Kind::debug;  // never loaded
  }
  for (const std::string_view folder : {"data/", "constants/"}) {
    if (name.starts_with(folder) && is_number(name.substr(folder.size()))) {
      return Kind::storage;  // its length is checked against the tensors that lie in it
    }
  }
  if (name == "version" || name == ".data/version" || name == "byteorder" || name == ".data/serialization_id") {
    return Kind::mark;
  }
  refuse_record(record, "is of no kind that a model file holds");
}

std::string text_of(caffe2::serialize::PyTorchStreamReader& reader, const std::string& record) {
  const auto [data, size] = reader.getRecord(record);
  return {static_cast<const char*>(data.get()), size};
}

void check_code(const std::string& record, std::string_view code) {
  for (const char* name : {"__setstate__", "__getstate__", "torch.classes"}) {
    if (code.find(name) != std::string_view::npos) {
      refuse_record(record, std::string("holds code that would run while it is loaded (") + name + ")");
    }
  }
  int depth = 0;
  std::size_t line = 0;
  for (const char c : code) {
    line = c == '\n' ? 0 : line + 1;
    depth += (c == '(' || c == '[' || c == '{') ? 1 : 0;
    depth -= (c == ')' || c == ']' || c == '}') ? 1 : 0;
    if (depth > deepest_nesting || line > longest_line) {
      refuse_record(record, "is nested deeper, or has longer lines, than a model's code");
    }
  }
}

}  // namespace

void check_records(caffe2::serialize::PyTorchStreamReader& reader) {
  const std::vector<std::string> records = reader.getAllRecords();
  if (records.size() > most_records) {
    throw Error(ErrorCode::bad_model_file, "its archive holds more records than any model file");
  }
  std::size_t text = 0;
  for (const std::string& record : records) {
    const Kind kind = kind_of(record);
    if (kind == Kind::storage || kind == Kind::debug) {
      continue;
    }
    const std::size_t size = reader.getRecordSize(record);
    text += kind == Kind::metadata ? 0 : size;
    if (size > most_metadata || text > most_text) {
      refuse_record(record, "unpacks to more than such a record of a model file ever needs");
    }
    if (kind == Kind::code) {
      check_code(record, text_of(reader, record));
    } else if (kind == Kind::pickle && text_of(reader, record).find("classes") != std::string::npos) {
      refuse_record(record, "holds an object of a C++ class (torch.classes)");
    }
  }
}

}  // namespace mriembed::torch_backend
