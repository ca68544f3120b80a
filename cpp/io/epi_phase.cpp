#include "epi_phase.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "centred_fft.hpp"

namespace mriembed::io {

namespace {

using Complex = std::complex<double>;

constexpr double pi = std::numbers::pi;

// Pixels from the middle of a line.
double distance_of(std::int64_t x, std::int64_t width) {
  const std::int64_t middle = width / 2;
  return static_cast<double>(x - middle);
}

// conj(left) * right, summed over coils, at each pixel.
void add_products(std::vector<Complex>& sums, const std::vector<std::complex<float>>& left,
                  const std::vector<std::complex<float>>& right, Complex factor) {
  for (std::size_t index = 0; index < left.size(); ++index) {
    sums[index % sums.size()] += factor * std::conj(Complex(left[index])) * Complex(right[index]);
  }
}

Complex sum_of(const std::vector<Complex>& values) {
  Complex sum = 0;
  for (const Complex& value : values) {
    sum += value;
  }
  return sum;
}

ReadoutPhase fitted(const std::vector<Complex>& products) {
  Complex turns = 0;
  for (std::size_t x = 1; x < products.size(); ++x) {
    turns += std::conj(products[x - 1]) * products[x];
  }
  ReadoutPhase phase;
  phase.slope = std::arg(turns);
  Complex sum = 0;
  const auto width = static_cast<std::int64_t>(products.size());
  for (std::int64_t x = 0; x < width; ++x) {
    sum += products[static_cast<std::size_t>(x)] * std::polar(1.0, -phase.slope * distance_of(x, width));
  }
  phase.constant = std::arg(sum);
  return phase;
}

}  // namespace

NavigatorLines::NavigatorLines(std::int64_t width) : width_(width) {}

void NavigatorLines::add(const Order& order, std::span<const std::complex<float>> line) {
  CentredFft transform(width_, CentredFft::Direction::to_image);
  Line added{order, {line.begin(), line.end()}};
  for (std::size_t first = 0; first < added.image.size(); first += static_cast<std::size_t>(width_)) {
    transform.apply(added.image.data() + first);
  }
  lines_.push_back(std::move(added));
}

// Whether a line and the next one were read out in different directions; `in_trains`: both of one train.
bool NavigatorLines::alternate(std::size_t left, bool in_trains) const {
  const Order& one = lines_[left].order;
  const Order& next = lines_[left + 1].order;
  const bool follow = one.average == next.average && one.number + 1 == next.number;
  return one.direction != next.direction && (follow || !in_trains);
}

bool NavigatorLines::have_trains() const {
  for (std::size_t left = 0; left + 1 < lines_.size(); ++left) {
    if (alternate(left, true)) {
      return true;
    }
  }
  return false;
}

bool NavigatorLines::tell_drift() const {
  for (std::size_t third = 2; third < lines_.size(); ++third) {
    if (alternate(third - 2, true) && alternate(third - 1, true)) {
      return true;
    }
  }
  return false;
}

std::optional<ReadoutPhase> NavigatorLines::phase() const {
  const auto width = static_cast<std::size_t>(width_);
  const bool trains = have_trains();
  std::vector<Complex> drift(width);
  std::vector<Complex> products(width);  // of reversed lines with conjugate forward ones
  for (std::size_t third = 2; third < lines_.size(); ++third) {
    if (alternate(third - 2, trains) && alternate(third - 1, trains)) {
      add_products(drift, lines_[third - 2].image, lines_[third].image, 1);
    }
  }
  const double half = std::arg(sum_of(drift)) / 2;  // of what two lines of one direction differ in
  bool found = false;
  for (std::size_t second = 1; second < lines_.size(); ++second) {
    if (!alternate(second - 1, trains)) {
      continue;
    }
    found = true;
    const bool reversed_last = lines_[second].order.direction == LineDirection::reversed;
    const Line& forward = lines_[reversed_last ? second - 1 : second];
    const Line& reversed = lines_[reversed_last ? second : second - 1];
    add_products(products, forward.image, reversed.image, std::polar(1.0, reversed_last ? -half : half));
  }
  return found && std::abs(sum_of(products)) > 0 ? std::optional(fitted(products)) : std::nullopt;
}

namespace {

// What the magnitude of an image depends on that is put together of the lines of two directions.
struct Parts {
  std::int64_t height;
  std::int64_t width;
  std::vector<double> energy;     // |forward|^2 + |reversed|^2, summed over coils; (height, width)
  std::vector<Complex> products;  // forward * conj(reversed)

  // Of the image with `phase` taken out of the reversed lines.
  [[nodiscard]] double energy_at(std::size_t pixel, Complex phase) const {
    return std::max(0.0, energy[pixel] + 2 * (products[pixel] * phase).real());
  }
};

Parts parts_of(std::span<const std::complex<float>> slice, std::int64_t coils,
               const std::vector<LineDirection>& directions, std::int64_t width) {
  constexpr std::int64_t enough = 8;  // coils tell it
  const auto height = static_cast<std::int64_t>(directions.size());
  const auto plane = static_cast<std::size_t>(height * width);
  Parts parts{height, width, std::vector<double>(plane), std::vector<Complex>(plane)};
  CentredFft along_x(width, CentredFft::Direction::to_image);
  CentredFft along_y(height, CentredFft::Direction::to_image);
  std::vector<std::complex<float>> forward(plane);
  std::vector<std::complex<float>> reversed(plane);
  for (std::int64_t coil = 0; coil < coils; coil += std::max<std::int64_t>(1, coils / enough)) {
    const std::complex<float>* const from = slice.data() + coil * height * width;
    std::fill(forward.begin(), forward.end(), 0);
    std::fill(reversed.begin(), reversed.end(), 0);
    for (std::int64_t line = 0; line < height; ++line) {
      const LineDirection direction = directions[static_cast<std::size_t>(line)];
      if (direction != LineDirection::none) {
        std::complex<float>* const to =
            (direction == LineDirection::reversed ? reversed.data() : forward.data()) + line * width;
        std::copy_n(from + line * width, width, to);
        along_x.apply(to);
      }
    }
    for (std::int64_t x = 0; x < width; ++x) {
      along_y.apply(forward.data() + x, width);
      along_y.apply(reversed.data() + x, width);
    }
    for (std::size_t pixel = 0; pixel < plane; ++pixel) {
      parts.energy[pixel] += double{std::norm(forward[pixel])} + double{std::norm(reversed[pixel])};
      parts.products[pixel] += Complex(forward[pixel]) * std::conj(Complex(reversed[pixel]));
    }
  }
  return parts;
}

// The sum of the square root of the magnitude over each column x, by the phase that is taken out there. In float32,
// whose square roots the compiler puts into vectors: this is most of a search.
class Columns {
 public:
  explicit Columns(const Parts& parts) : width_(parts.width), sums_(static_cast<std::size_t>(width_ * steps)) {
    const double largest = *std::max_element(parts.energy.begin(), parts.energy.end());
    const double scale = largest > 0 ? 1 / largest : 0;
    const double unscaled = std::pow(largest, 0.25);
    std::vector<float> energy;
    std::vector<float> real;  // of twice the products
    std::vector<float> imaginary;
    for (std::size_t pixel = 0; pixel < parts.energy.size(); ++pixel) {
      energy.push_back(static_cast<float>(scale * parts.energy[pixel]));
      real.push_back(static_cast<float>(2 * scale * parts.products[pixel].real()));
      imaginary.push_back(static_cast<float>(2 * scale * parts.products[pixel].imag()));
    }
    const auto width = static_cast<std::size_t>(width_);
    std::vector<float> column(width);
    for (std::int64_t step = 0; step < steps; ++step) {
      const double turned = 2 * pi * static_cast<double>(step) / static_cast<double>(steps);
      const auto cosine = static_cast<float>(std::cos(turned));
      const auto sine = static_cast<float>(std::sin(turned));
      std::fill(column.begin(), column.end(), 0.0F);
      for (std::size_t row = 0; row < energy.size(); row += width) {
        for (std::size_t x = 0; x < width; ++x) {
          const float there = energy[row + x] + real[row + x] * cosine - imaginary[row + x] * sine;
          column[x] += std::sqrt(std::sqrt(std::max(0.0F, there)));
        }
      }
      for (std::size_t x = 0; x < width; ++x) {
        sums_[x * steps + static_cast<std::size_t>(step)] = unscaled * double{column[x]};
      }
    }
  }

  [[nodiscard]] double sum(const ReadoutPhase& phase) const {
    double sum = 0;
    for (std::int64_t x = 0; x < width_; ++x) {
      const double turns = (phase.constant + phase.slope * distance_of(x, width_)) / (2 * pi);
      const double place = (turns - std::floor(turns)) * static_cast<double>(steps);
      const auto below = static_cast<std::int64_t>(place);
      const double share = place - static_cast<double>(below);
      const double* const row = sums_.data() + x * steps;
      sum += (1 - share) * row[below % steps] + share * row[(below + 1) % steps];
    }
    return sum;
  }

 private:
  static constexpr std::int64_t steps = 128;
  std::int64_t width_;
  std::vector<double> sums_;  // (x, step)
};

// How much of the image lies in the middle half along y.
double energy_in_the_middle(const Parts& parts, const ReadoutPhase& phase) {
  double sum = 0;
  for (std::int64_t x = 0; x < parts.width; ++x) {
    const Complex taken = std::polar(1.0, phase.constant + phase.slope * distance_of(x, parts.width));
    for (std::int64_t y = parts.height / 4; y < parts.height - parts.height / 4; ++y) {
      sum += parts.energy_at(static_cast<std::size_t>(y * parts.width + x), taken);
    }
  }
  return sum;
}

// Whether each measured line differs in its direction from the one before it.
bool alternate(const std::vector<LineDirection>& directions) {
  const auto measured = [](LineDirection direction) { return direction != LineDirection::none; };
  auto before = std::ranges::find_if(directions, measured);
  while (before != directions.end()) {
    const auto next = std::find_if(before + 1, directions.end(), measured);
    if (next != directions.end() && *next == *before) {
      return false;
    }
    before = next;
  }
  return true;
}

}  // namespace

GhostSearch search_ghost(std::span<const std::complex<float>> slice, std::int64_t coils,
                         const std::vector<LineDirection>& directions, std::int64_t width) {
  const Parts parts = parts_of(slice, coils, directions, width);
  const Columns columns(parts);
  GhostSearch found;
  found.as_it_is = found.corrected = columns.sum({});
  const double one_sample = 2 * pi / static_cast<double>(width);  // slope of an echo that is displaced by a sample
  // `around` is a copy: found.phase changes meanwhile.
  const auto search = [&](const ReadoutPhase around, double constants, int constant_steps, double slopes, int steps) {
    for (int slope = -steps; slope <= steps; ++slope) {
      for (int constant = -constant_steps; constant <= constant_steps; ++constant) {
        const ReadoutPhase phase{around.constant + constants * constant / constant_steps,
                                 around.slope + slopes * slope / steps};
        const double sum = columns.sum(phase);
        if (sum < found.corrected) {
          found.phase = phase;
          found.corrected = sum;
        }
      }
    }
  };
  constexpr double most_samples = 3;          // by which the echoes of the two directions may be apart
  const bool shifts = alternate(directions);  // by another pi, and nothing else
  search({}, shifts ? pi / 2 : pi, shifts ? 48 : 96, most_samples * one_sample, 48);
  search(found.phase, pi / 96, 16, most_samples / 48 * one_sample, 16);
  if (!shifts) {
    return found;
  }
  const ReadoutPhase shifted{found.phase.constant + (found.phase.constant > 0 ? -pi : pi), found.phase.slope};
  constexpr double clearly = 1.5;
  if (energy_in_the_middle(parts, shifted) > clearly * energy_in_the_middle(parts, found.phase)) {
    found.phase = shifted;
  }
  return found;
}

void take_out(const ReadoutPhase& phase, std::span<std::complex<float>> volume, std::int64_t coils,
              const std::vector<LineDirection>& directions, std::int64_t width) {
  std::vector<std::complex<float>> of_forward;
  for (std::int64_t x = 0; x < width; ++x) {
    const double half = (phase.constant + phase.slope * distance_of(x, width)) / 2;
    of_forward.emplace_back(std::polar(1.0, half));
  }
  CentredFft to_image(width, CentredFft::Direction::to_image);
  CentredFft to_kspace(width, CentredFft::Direction::to_kspace);
  const auto lines = static_cast<std::int64_t>(directions.size());
  for (std::int64_t line = 0; line < lines; ++line) {
    const LineDirection direction = directions[static_cast<std::size_t>(line)];
    if (direction != LineDirection::forward && direction != LineDirection::reversed) {
      continue;
    }
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      std::complex<float>* const row = volume.data() + (coil * lines + line) * width;
      to_image.apply(row);
      for (std::int64_t x = 0; x < width; ++x) {
        const std::complex<float> factor = of_forward[static_cast<std::size_t>(x)];
        row[x] *= direction == LineDirection::forward ? factor : std::conj(factor);
      }
      to_kspace.apply(row);
    }
  }
}

}  // namespace mriembed::io
