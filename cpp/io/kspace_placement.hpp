// Where the lines of a Cartesian MRD scan belong in its matrix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"
#include "scan_geometry.hpp"
#include "slab_sampling.hpp"

namespace mriembed::io {

// A readout's kept samples and their place along x. Of a reversed readout, the first kept sample is the last along x.
struct ReadoutPlace {
  std::int64_t first_sample = 0;
  std::int64_t count = 0;
  std::int64_t first_x = 0;
};

// What is known of an encoding space's imaging lines before they are placed.
struct LineFacts {
  Acquisition first;                          // the first of them
  bool several_partitions = false;            // whether kspace_encode_step_2 takes more than one value
  bool full_partition = false;                // whether the lines of one volume reach over all of y; see is_flat()
  std::optional<std::int64_t> user_center_1;  // idx.user[5], where it is set and the same in all of them
  std::optional<std::int64_t> user_center_2;  // idx.user[6]
};

// Whether a scan with several encoded partitions is 2D all the same: every line has the same kspace_encode_step_2, and
// either the header's limits allow no other, or the lines of one volume reach over all of y, as they do not where a 3D
// scan was stopped in its first partition.
bool is_flat(const MrdEncoding& encoding, const LineFacts& facts);

// The limits by which steps along an axis of `size` have their places. None are known of an axis of one step, nor where
// they are 0 to 0, as writers leave them that know none; with a centre, these stand for all steps.
std::optional<EncodingLimit> known_limits(const std::optional<EncodingLimit>& limit, std::int64_t size);

// The step at k = 0: the centre of these limits, or where it is not set the middle of steps that cover the axis, or of
// the axis itself without limits. None where the header does not tell it.
std::optional<std::int64_t> center_by_header(const std::optional<EncodingLimit>& limit, std::int64_t size);

// The mean energy of the lines of each encoding step.
using StepEnergies = std::vector<double>;

// Places by physics, never by order of arrival: sample i of a readout lies at k = i - center_sample, of a reversed one
// at center_sample - i; a line lies at k = step - center of its encoding limits; k = 0 lies at the matrix's centre,
// length / 2. What lies beyond the matrix is left out. Centres that the header leaves unset (0), or that idx.user[5]
// and [6] contradict (siemens_to_ismrmrd issue 142), are found where the signal peaks.
class KspacePlacement {
 public:
  KspacePlacement(const MrdEncoding& encoding, const ScanGeometry& geometry, const LineFacts& facts);

  // Samples of the matrix. Along x: the encoded matrix, or the image where the scanner has removed the oversampling.
  [[nodiscard]] std::int64_t width() const { return width_; }
  [[nodiscard]] std::int64_t height() const { return y_.size; }
  // 1 for 2D scans, whatever the encoded matrix.
  [[nodiscard]] std::int64_t depth() const { return z_.size; }

  // The step at k = 0. Of a 2D scan, the step that its lines have along z.
  [[nodiscard]] std::int64_t center_y() const { return y_.size / 2 - y_.shift; }
  [[nodiscard]] std::int64_t center_z() const { return z_.size / 2 - z_.shift; }

  // Whether lines can be placed only once find_centres() has been called.
  [[nodiscard]] bool needs_signal() const { return y_.undecided() || z_.undecided(); }
  void find_centres(const StepEnergies& along_y, const StepEnergies& along_z);

  // z * height + y; none for a line beyond the matrix. Refuses one outside the encoding limits as well, naming the
  // acquisition by `index`.
  [[nodiscard]] std::optional<std::int64_t> line_of(const Acquisition& line, std::size_t index) const;
  // The same without refusing anything.
  [[nodiscard]] std::optional<std::int64_t> place_of(const Acquisition& line) const;
  // Refuses a readout that does not fit into the matrix.
  [[nodiscard]] ReadoutPlace readout_of(const Acquisition& line, std::size_t index) const;

  // Lines inside the encoding limits (the whole matrix where the header has none) that were not acquired.
  [[nodiscard]] std::int64_t missing_lines(const std::vector<bool>& acquired) const;

  // Lines and partitions inside the encoding limits.
  [[nodiscard]] LineSpan covered_y() const { return {y_.first, y_.last + 1}; }
  [[nodiscard]] LineSpan covered_z() const { return {z_.first, z_.last + 1}; }

  // Where the centre would lie along y if the limits' lines were those that partial Fourier leaves, at either end.
  [[nodiscard]] std::vector<std::int64_t> other_centres_y() const;

  // Where the echo would lie along x if readouts without a centre were asymmetric echoes.
  [[nodiscard]] const std::vector<std::int64_t>& other_centres_x() const { return other_centres_x_; }

  // What may change the result.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  // How steps map to positions along y or z, and which positions the limits cover.
  struct Axis {
    const char* name;
    const char* user_name;  // of the other statement of the centre
    std::int64_t size = 1;
    std::optional<EncodingLimit> limit;
    std::optional<std::int64_t> user_center;  // where it contradicts the header
    bool unset_center = false;                // and limits that do not tell it
    std::int64_t shift = 0;                   // position = step + shift
    std::int64_t first = 0;
    std::int64_t last = 0;

    // Of a step; none beyond the matrix.
    [[nodiscard]] std::optional<std::int64_t> position_of(std::int64_t step) const {
      const std::int64_t position = step + shift;
      return position >= 0 && position < size ? std::optional(position) : std::nullopt;
    }
    [[nodiscard]] bool undecided() const { return unset_center || user_center.has_value(); }
    [[nodiscard]] bool covers(std::int64_t step) const {
      return limit.has_value() && step >= limit->minimum && step <= limit->maximum;
    }
    void set_center(std::int64_t center);
    void cover();
  };

  [[nodiscard]] Axis axis_of(const char* name, const char* user_name, std::int64_t size,
                             const std::optional<EncodingLimit>& limit, const std::optional<std::int64_t>& user_center);
  void find_center(Axis& axis, const StepEnergies& energies);
  void note_coverage(const Axis& axis);
  [[nodiscard]] static bool oversampling_removed(const Acquisition& first, std::int64_t image_width,
                                                 std::int64_t recon_width, std::int64_t encoded_width);
  [[nodiscard]] std::int64_t center_of(const Acquisition& line) const;
  void note_readout(const Acquisition& first);

  std::int64_t width_ = 1;
  std::vector<std::string> notes_;
  std::vector<std::int64_t> other_centres_x_;
  Axis y_;
  Axis z_;
};

}  // namespace mriembed::io
