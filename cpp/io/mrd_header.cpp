#include "mrd_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <pugixml.hpp>
#include <string_view>
#include <utility>

#include "size_limits.hpp"
#include "xml_elements.hpp"

namespace mriembed::io {

namespace {

pugi::xml_node needed_child(const pugi::xml_node& node, std::string_view name) {
  const pugi::xml_node child = child_of(node, name);
  if (!child) {
    refuse("its XML header has no <" + std::string(name) + "> in <" + std::string(local_name(node)) +
           ">, which ISMRMRD requires");
  }
  return child;
}

// ISMRMRD's numbers of samples and steps are 16-bit. Some writers give them as decimal numbers, as products that are
// whole but for rounding: 35.9996 (philips_to_ismrmrd issue 4).
std::int64_t count_of(const pugi::xml_node& node) {
  constexpr double largest = 65535;
  constexpr double rounding = 0.05;
  const std::string_view text = text_of(node);
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const double count = std::round(number);
  const bool whole = std::isfinite(number) && std::abs(number - count) <= rounding;
  if (failure != std::errc() || end != text.data() + text.size() || !whole || count < 0 || count > largest) {
    refuse("its XML header gives <" + std::string(local_name(node)) + "> of <" +
           std::string(local_name(node.parent())) + "> as \"" + shown(text) +
           "\"; a whole number from 0 to 65535 is right");
  }
  return static_cast<std::int64_t>(count);
}

Matrix matrix_of(const pugi::xml_node& space) {
  const pugi::xml_node size = needed_child(space, "matrixSize");
  return {count_of(needed_child(size, "x")), count_of(needed_child(size, "y")), count_of(needed_child(size, "z"))};
}

// Some writers give 2D scans no partition.
Matrix encoded_matrix_of(const pugi::xml_node& space) {
  Matrix matrix = matrix_of(space);
  matrix.z = std::max<std::int64_t>(1, matrix.z);
  if (matrix.x < 1 || matrix.y < 1) {
    refuse("its XML header gives <" + std::string(local_name(space)) + "> a matrix with an empty axis");
  }
  return matrix;
}

FieldOfView field_of_view_of(const pugi::xml_node& space) {
  const pugi::xml_node field = child_of(space, "fieldOfView_mm");
  return {positive_number_of(child_of(field, "x")), positive_number_of(child_of(field, "y")),
          positive_number_of(child_of(field, "z"))};
}

std::optional<EncodingLimit> limit_of(const pugi::xml_node& limits, std::string_view name) {
  const pugi::xml_node node = child_of(limits, name);
  if (!node) {
    return std::nullopt;
  }
  const auto bound = [&](std::string_view which) {
    const pugi::xml_node child = child_of(node, which);
    return child ? count_of(child) : 0;  // the schema's default
  };
  const EncodingLimit limit{bound("minimum"), bound("maximum"), bound("center")};
  if (limit.maximum < limit.minimum) {
    refuse("its XML header gives " + std::string(name) + " limits whose maximum lies below the minimum");
  }
  return limit;
}

std::int64_t averages_of(const pugi::xml_node& limits) {
  constexpr double most = 65535;
  const double maximum = positive_number_of(child_of(child_of(limits, "average"), "maximum"));
  return static_cast<std::int64_t>(std::min(maximum, most)) + 1;
}

Acceleration acceleration_of(const pugi::xml_node& encoding) {
  const pugi::xml_node factors = child_of(child_of(encoding, "parallelImaging"), "accelerationFactor");
  const auto factor = [&](std::string_view name) {
    constexpr double most = 65535;
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::min(positive_number_of(child_of(factors, name)), most)));
  };
  return {factor("kspace_encoding_step_1"), factor("kspace_encoding_step_2")};
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; });
  return result;
}

std::string trajectory_of(const pugi::xml_node& node) {
  std::string name = lower_case(text_of(node));
  if (name == "goldenangle") {
    return "golden angle";
  }
  constexpr std::array<std::string_view, 5> known{"cartesian", "epi", "radial", "spiral", "other"};
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    refuse("its XML header names the trajectory \"" + shown(name) +
           "\"; cartesian, epi, radial, goldenangle, spiral or other is right");
  }
  return name;
}

bool is_epi(const pugi::xml_node& trajectory_description) {
  return lower_case(text_of(child_of(trajectory_description, "identifier"))) == "conventionalepi";
}

// None where the description is another one or gives no gradient.
std::optional<EpiReadout> epi_readout_of(const pugi::xml_node& description) {
  if (!is_epi(description)) {
    return std::nullopt;
  }
  const auto parameter = [&](std::string_view name) {
    for (const pugi::xml_node& node : description.children()) {
      const std::string_view kind = local_name(node);
      if ((kind == "userParameterLong" || kind == "userParameterDouble") && text_of(child_of(node, "name")) == name) {
        return positive_number_of(child_of(node, "value"));
      }
    }
    return 0.0;
  };
  EpiReadout readout;
  readout.ramp_up = parameter("rampUpTime");
  readout.flat_top = parameter("flatTopTime");
  readout.ramp_down = parameter("rampDownTime");
  readout.delay = parameter("acqDelayTime");
  readout.dwell_time = parameter("dwellTime");
  constexpr double most_samples = 65535;
  readout.samples = static_cast<std::int64_t>(std::min(parameter("numSamples"), most_samples));
  return readout.flat_top > 0 ? std::optional(readout) : std::nullopt;
}

MrdEncoding encoding_of(const pugi::xml_node& node) {
  const pugi::xml_node encoded = needed_child(node, "encodedSpace");
  const pugi::xml_node recon = needed_child(node, "reconSpace");
  const pugi::xml_node limits = child_of(node, "encodingLimits");
  MrdEncoding encoding;
  encoding.encoded = encoded_matrix_of(encoded);
  encoding.recon = matrix_of(recon);
  encoding.encoded_fov = field_of_view_of(encoded);
  encoding.recon_fov = field_of_view_of(recon);
  encoding.kspace_encode_step_1 = limit_of(limits, "kspace_encoding_step_1");
  encoding.kspace_encode_step_2 = limit_of(limits, "kspace_encoding_step_2");
  encoding.averages = averages_of(limits);
  encoding.acceleration = acceleration_of(node);
  encoding.trajectory = trajectory_of(needed_child(node, "trajectory"));
  const pugi::xml_node description = child_of(node, "trajectoryDescription");
  if (encoding.trajectory == "cartesian" && is_epi(description)) {
    encoding.trajectory = "epi";
  }
  encoding.readout = epi_readout_of(description);
  return encoding;
}

std::int64_t multiband_of(const pugi::xml_node& encoding) {
  const pugi::xml_node factor =
      child_of(child_of(child_of(encoding, "parallelImaging"), "multiband"), "multiband_factor");
  return factor.empty() ? 1 : count_of(factor);
}

}  // namespace

MrdHeader parse_mrd_header(const std::string& xml) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed) {
    std::string reason = parsed.description();
    reason[0] = static_cast<char>(reason[0] | 0x20);
    refuse("its XML header is not well-formed XML (byte " + std::to_string(parsed.offset) + ": " + reason + ")");
  }
  const pugi::xml_node root = document.document_element();
  if (local_name(root) != "ismrmrdHeader") {
    refuse("its XML header begins with <" + shown(root.name()) + ">; <ismrmrdHeader> is right");
  }
  needed_child(root, "encoding");
  MrdHeader header;
  for (const pugi::xml_node& child : root.children()) {
    if (local_name(child) == "encoding") {
      header.encodings.push_back(encoding_of(child));
      header.multiband = std::max(header.multiband, multiband_of(child));
    }
  }
  const pugi::xml_node measurement = child_of(root, "measurementInformation");
  header.measurement_id = text_of(child_of(measurement, "measurementID"));
  for (const pugi::xml_node& child : measurement.children()) {
    if (local_name(child) == "measurementDependency" &&
        lower_case(text_of(child_of(child, "dependencyType"))) == "noise") {
      header.noise_sources.emplace_back(text_of(child_of(child, "measurementID")));
    }
  }
  header.facts = header_facts_of(root);
  return header;
}

}  // namespace mriembed::io
