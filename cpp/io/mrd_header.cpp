#include "mrd_header.hpp"

#include <ismrmrd/xml.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "refuse.hpp"

namespace mriembed::io {

namespace {

Matrix matrix_of(const ISMRMRD::EncodingSpace& space, const char* name) {
  const Matrix matrix{space.matrixSize.x, space.matrixSize.y, space.matrixSize.z};
  if (matrix.x < 1 || matrix.y < 1 || matrix.z < 1) {
    refuse(std::string("its header gives ") + name + " a matrix with an empty axis");
  }
  return matrix;
}

std::optional<EncodingLimit> limit_of(const ISMRMRD::Optional<ISMRMRD::Limit>& limit, const char* name) {
  if (!limit.is_present()) {
    return std::nullopt;
  }
  const EncodingLimit result{limit->minimum, limit->maximum, limit->center};
  if (result.maximum < result.minimum) {
    refuse(std::string("its header gives ") + name + " limits whose maximum lies below the minimum");
  }
  return result;
}

std::string name_of(ISMRMRD::TrajectoryType trajectory) {
  switch (trajectory) {
    case ISMRMRD::TrajectoryType::CARTESIAN:
      return "cartesian";
    case ISMRMRD::TrajectoryType::EPI:
      return "epi";
    case ISMRMRD::TrajectoryType::RADIAL:
      return "radial";
    case ISMRMRD::TrajectoryType::GOLDENANGLE:
      return "golden angle";
    case ISMRMRD::TrajectoryType::SPIRAL:
      return "spiral";
    case ISMRMRD::TrajectoryType::OTHER:
      return "other";
  }
  return "unknown";
}

FieldOfView field_of_view(const ISMRMRD::EncodingSpace& space) {
  const auto millimetres = [](float length) { return std::isfinite(length) && length > 0 ? double{length} : 0.0; };
  const ISMRMRD::FieldOfView_mm& field = space.fieldOfView_mm;
  return {millimetres(field.x), millimetres(field.y), millimetres(field.z)};
}

MrdEncoding encoding_of(const ISMRMRD::Encoding& encoding) {
  MrdEncoding result;
  result.encoded = matrix_of(encoding.encodedSpace, "the encoded space");
  result.recon = matrix_of(encoding.reconSpace, "the reconstruction space");
  result.encoded_fov = field_of_view(encoding.encodedSpace);
  result.recon_fov = field_of_view(encoding.reconSpace);
  result.step_1 = limit_of(encoding.encodingLimits.kspace_encoding_step_1, "kspace_encoding_step_1");
  result.step_2 = limit_of(encoding.encodingLimits.kspace_encoding_step_2, "kspace_encoding_step_2");
  result.trajectory = name_of(encoding.trajectory);
  return result;
}

// libismrmrd 1.8 does not know this element, which came with version 1.5 of the format.
std::int64_t multiband_of(const std::string& xml) {
  constexpr std::string_view name = "multiband_factor>";
  const std::size_t begin = xml.find(name);
  if (begin == std::string::npos) {
    return 1;
  }
  constexpr long most = 1000;
  return std::clamp(std::strtol(xml.c_str() + begin + name.size(), nullptr, 10), 1L, most);
}

}  // namespace

MrdHeader parse_mrd_header(const std::string& xml) {
  ISMRMRD::IsmrmrdHeader parsed;
  try {
    ISMRMRD::deserialize(xml.c_str(), parsed);
  } catch (const std::exception& error) {
    const std::string reason = error.what();
    refuse("its XML header is no valid ISMRMRD header: " + shown(reason.substr(0, reason.find('\n'))));
  }
  if (parsed.encoding.empty()) {
    refuse("its XML header has no encoding: the matrix is unknown");
  }
  MrdHeader header;
  for (const ISMRMRD::Encoding& encoding : parsed.encoding) {
    header.encodings.push_back(encoding_of(encoding));
  }
  header.multiband = multiband_of(xml);
  if (parsed.measurementInformation.is_present()) {
    const ISMRMRD::MeasurementInformation& measurement = *parsed.measurementInformation;
    header.measurement_id = measurement.measurementID.value_or("");
    for (const ISMRMRD::MeasurementDependency& dependency : measurement.measurementDependency) {
      if (dependency.dependencyType == "Noise" || dependency.dependencyType == "noise") {
        header.noise_sources.push_back(dependency.measurementID);
      }
    }
  }
  return header;
}

}  // namespace mriembed::io
