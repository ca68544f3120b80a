#include "header_facts.hpp"

#include <charconv>
#include <string_view>

#include "size_limits.hpp"
#include "xml_elements.hpp"

namespace mriembed::io {

namespace {

std::string short_text(const pugi::xml_node& parent, std::string_view name) {
  return shown(text_of(child_of(parent, name)), longest_header_text);
}

std::vector<double> numbers(const pugi::xml_node& parent, std::string_view name) {
  std::vector<double> values;
  for (const pugi::xml_node& child : parent.children()) {
    if (local_name(child) == name && values.size() < most_header_values) {
      values.push_back(positive_number_of(child));
    }
  }
  return values;
}

std::vector<double> field_of_view(const pugi::xml_node& root) {
  const pugi::xml_node field = child_of(child_of(child_of(root, "encoding"), "reconSpace"), "fieldOfView_mm");
  std::vector<double> lengths;
  for (const std::string_view axis : {"x", "y", "z"}) {
    lengths.push_back(positive_number_of(child_of(field, axis)));
    if (lengths.back() == 0) {
      return {};
    }
  }
  return lengths;
}

std::vector<std::string> coil_names(const pugi::xml_node& system) {
  std::vector<std::string> names;
  for (const pugi::xml_node& label : system.children()) {
    if (local_name(label) != "coilLabel") {
      continue;
    }
    const std::string_view text = text_of(child_of(label, "coilNumber"));
    std::size_t channel = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), channel);
    if (failure == std::errc() && end == text.data() + text.size() && channel < most_header_values) {
      names.resize(std::max(names.size(), channel + 1));
      names[channel] = short_text(label, "coilName");
    }
  }
  return names;
}

}  // namespace

HeaderFacts header_facts_of(const pugi::xml_node& root) {
  const pugi::xml_node system = child_of(root, "acquisitionSystemInformation");
  const pugi::xml_node measurement = child_of(root, "measurementInformation");
  const pugi::xml_node sequence = child_of(root, "sequenceParameters");
  HeaderFacts facts;
  facts.vendor = short_text(system, "systemVendor");
  facts.model = short_text(system, "systemModel");
  facts.station = short_text(system, "stationName");
  facts.field_strength_t = positive_number_of(child_of(system, "systemFieldStrength_T"));
  facts.protocol = short_text(measurement, "protocolName");
  facts.sequence = short_text(measurement, "sequenceName");
  facts.series_time = short_text(measurement, "seriesTime");
  facts.tr_ms = numbers(sequence, "TR");
  facts.te_ms = numbers(sequence, "TE");
  facts.ti_ms = numbers(sequence, "TI");
  facts.flip_angle_deg = numbers(sequence, "flipAngle_deg");
  facts.fov_mm = field_of_view(root);
  facts.coil_names = coil_names(system);
  return facts;
}

}  // namespace mriembed::io
