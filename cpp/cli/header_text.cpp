#include "cli/header_text.hpp"

#include <nlohmann/json.hpp>

#include "text/number_text.hpp"

namespace mriembed::cli {

namespace {

// "1.5 T", or nothing for an unknown number.
std::string with_unit(double number, const char* unit) { return number > 0 ? text::shortest(number) + " " + unit : ""; }

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (!part.empty()) {
      text += (text.empty() ? "" : separator) + part;
    }
  }
  return text;
}

std::string numbers_text(const char* name, const std::vector<double>& numbers, const char* unit) {
  std::vector<std::string> texts;
  texts.reserve(numbers.size());
  for (const double number : numbers) {
    texts.push_back(text::shortest(number));
  }
  return texts.empty() ? "" : std::string(name) + " " + joined(texts, ", ") + " " + unit;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> header_lines(const io::HeaderFacts& header) {
  std::vector<std::pair<std::string, std::string>> lines{
      {"scanner", joined({header.vendor, header.model, with_unit(header.field_strength_t, "T"), header.station}, ", ")},
      {"protocol", joined({header.protocol, header.sequence, header.series_time}, ", ")},
      {"sequence", joined({numbers_text("TR", header.tr_ms, "ms"), numbers_text("TE", header.te_ms, "ms"),
                           numbers_text("TI", header.ti_ms, "ms"), numbers_text("flip", header.flip_angle_deg, "deg")},
                          "; ")},
  };
  std::erase_if(lines, [](const auto& line) { return line.second.empty(); });
  return lines;
}

nlohmann::ordered_json header_json(const io::HeaderFacts& header) {
  auto object = nlohmann::ordered_json::object();
  for (const auto& [name, text] : {std::pair{"vendor", &header.vendor},
                                   {"model", &header.model},
                                   {"station", &header.station},
                                   {"protocol", &header.protocol},
                                   {"sequence", &header.sequence},
                                   {"series_time", &header.series_time}}) {
    if (!text->empty()) {
      object[name] = *text;
    }
  }
  if (header.field_strength_t > 0) {
    object["field_strength_t"] = header.field_strength_t;
  }
  for (const auto& [name, numbers] : {std::pair{"tr_ms", &header.tr_ms},
                                      {"te_ms", &header.te_ms},
                                      {"ti_ms", &header.ti_ms},
                                      {"flip_angle_deg", &header.flip_angle_deg},
                                      {"fov_mm", &header.fov_mm}}) {
    if (!numbers->empty()) {
      object[name] = *numbers;
    }
  }
  if (!header.coil_names.empty()) {
    object["coil_names"] = header.coil_names;
  }
  return object;
}

}  // namespace mriembed::cli
