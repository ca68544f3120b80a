#include "calibration_space.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mriembed::io {

namespace {

bool has_range(const std::optional<EncodingLimit>& limit) { return limit.has_value() && limit->maximum > 0; }

// Along z. A 2D scan's lines all have one step, 0, whatever its matrix.
std::optional<std::int64_t> center_z_of(const MrdEncoding& encoding, bool flat) {
  return flat && !has_range(encoding.kspace_encode_step_2)
             ? std::optional<std::int64_t>(0)
             : center_by_header(encoding.kspace_encode_step_2, encoding.encoded.z);
}

// Whether lines of both spaces have their places by the same steps.
bool is_same_space(const MrdEncoding& one, const MrdEncoding& other) {
  const auto center = [](const std::optional<EncodingLimit>& limit, std::int64_t size) {
    const std::optional<EncodingLimit> known = known_limits(limit, size);
    return known.has_value() ? std::optional(known->center) : std::nullopt;
  };
  return one.encoded.y == other.encoded.y && one.encoded.z == other.encoded.z &&
         center(one.kspace_encode_step_1, one.encoded.y) == center(other.kspace_encode_step_1, one.encoded.y) &&
         center(one.kspace_encode_step_2, one.encoded.z) == center(other.kspace_encode_step_2, one.encoded.z);
}

class Renumbered final : public Acquisitions {
 public:
  Renumbered(std::shared_ptr<const Acquisitions> measured, std::vector<Acquisition> headers)
      : measured_(std::move(measured)) {
    headers_ = std::move(headers);
  }

  void read(const std::vector<std::size_t>& indices, const Take& take) const override {
    measured_->read(indices, take);
  }

 private:
  std::shared_ptr<const Acquisitions> measured_;
};

// None beyond the numbers that a step can have.
std::optional<std::uint16_t> moved(std::uint16_t step, std::int64_t from, std::int64_t to) {
  const std::int64_t number = step - from + to;
  return number >= 0 && number <= std::numeric_limits<std::uint16_t>::max()
             ? std::optional(static_cast<std::uint16_t>(number))
             : std::nullopt;
}

}  // namespace

bool is_on_one_grid(const MrdEncoding& calibration, const MrdEncoding& image) {
  const auto alike = [](double one, double other) { return std::abs(one - other) <= 1e-3 * std::abs(other); };
  const bool one_size = calibration.encoded.x == image.encoded.x && calibration.encoded.y == image.encoded.y;
  const bool known = image.encoded_fov.x > 0 && image.encoded_fov.y > 0;
  const bool plane = alike(calibration.encoded_fov.x, image.encoded_fov.x) &&
                     alike(calibration.encoded_fov.y, image.encoded_fov.y) && (known || one_size);
  const bool flat = image.encoded.z == 1;
  const bool slab = alike(calibration.encoded_fov.z, image.encoded_fov.z) &&
                    (image.encoded_fov.z > 0 || calibration.encoded.z == image.encoded.z);
  const bool along_z = flat ? !has_range(calibration.kspace_encode_step_2) : slab && calibration.encoded.z > 1;
  const bool trajectory = calibration.trajectory == image.trajectory ||
                          (calibration.trajectory == "cartesian" && image.trajectory == "epi");
  return plane && along_z && trajectory &&
         (is_same_space(calibration, image) ||
          (center_by_header(calibration.kspace_encode_step_1, calibration.encoded.y).has_value() &&
           center_z_of(calibration, flat).has_value()));
}

std::shared_ptr<const Acquisitions> numbered_as_image(std::shared_ptr<const Acquisitions> acquisitions,
                                                      const MrdHeader& header, const KspacePlacement& placement,
                                                      RawVolumes& volumes) {
  const MrdEncoding& image = header.encodings[volumes.encoding];
  std::optional<std::vector<Acquisition>> headers;
  std::size_t too_long = 0;
  std::erase_if(volumes.calibration, [&](std::size_t index) {
    const Acquisition& line = acquisitions->headers()[index];
    if (line.encoding_space == volumes.encoding || line.encoding_space >= header.encodings.size()) {
      return false;
    }
    const MrdEncoding& own = header.encodings[line.encoding_space];
    if (!headers.has_value()) {
      headers = acquisitions->headers();
    }
    Acquisition& numbered = (*headers)[index];
    if (own.trajectory == image.trajectory) {
      numbered.encoding_space = static_cast<std::uint16_t>(volumes.encoding);
    }
    if (is_same_space(own, image)) {
      return false;
    }
    if (line.samples - line.discard_pre - line.discard_post > placement.width()) {
      ++too_long;
      return true;
    }
    const auto center_y = center_by_header(own.kspace_encode_step_1, own.encoded.y);
    const auto center_z = center_z_of(own, image.encoded.z == 1);
    const auto step_1 = moved(line.kspace_encode_step_1, center_y.value_or(0), placement.center_y());
    const auto step_2 = moved(line.kspace_encode_step_2, center_z.value_or(0), placement.center_z());
    if (!step_1.has_value() || !step_2.has_value()) {
      return true;  // it lies beyond the image's matrix
    }
    numbered.kspace_encode_step_1 = *step_1;
    numbered.kspace_encode_step_2 = *step_2;
    return false;
  });
  if (too_long > 0) {
    volumes.calibration_left_out += (volumes.calibration_left_out.empty() ? "" : "; ") + std::to_string(too_long) +
                                    " ACS lines of more samples than the image's matrix are left out";
  }
  return headers.has_value() ? std::make_shared<Renumbered>(std::move(acquisitions), std::move(*headers))
                             : std::move(acquisitions);
}

}  // namespace mriembed::io
