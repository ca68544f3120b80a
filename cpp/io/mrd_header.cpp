#include "mrd_header.hpp"

#include <ismrmrd/xml.h>

#include <exception>

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
  const ISMRMRD::Encoding& encoding = parsed.encoding.front();
  MrdHeader header;
  header.encoded = matrix_of(encoding.encodedSpace, "the encoded space");
  header.recon = matrix_of(encoding.reconSpace, "the reconstruction space");
  header.step_1 = limit_of(encoding.encodingLimits.kspace_encoding_step_1, "kspace_encoding_step_1");
  header.step_2 = limit_of(encoding.encodingLimits.kspace_encoding_step_2, "kspace_encoding_step_2");
  header.trajectory = name_of(encoding.trajectory);
  header.encodings = parsed.encoding.size();
  return header;
}

}  // namespace mriembed::io
