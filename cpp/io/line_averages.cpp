#include "line_averages.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mriembed::io {

LineAverages::LineAverages(std::int64_t coils, std::int64_t lines, std::int64_t width)
    : coils_(coils),
      lines_(lines),
      width_(width),
      counts_(static_cast<std::size_t>(lines)),
      first_(static_cast<std::size_t>(lines)) {}

template <typename Take>
void LineAverages::for_each_row(std::int64_t line, Samples& samples, const Take& take) const {
  for (std::int64_t coil = 0; coil < coils_; ++coil) {
    take(samples.data() + (coil * lines_ + line) * width_);
  }
}

bool LineAverages::count(std::int64_t line, const ReadoutPlace& place, Samples& samples) {
  if (const auto found = sums_.find(line); found != sums_.end()) {
    const std::complex<float>* sum = found->second.data();
    for_each_row(line, samples, [&](std::complex<float>* row) {
      std::copy_n(sum, width_, row);
      sum += width_;
    });
    sums_.erase(found);
  }
  const int before = counts_[static_cast<std::size_t>(line)]++;
  ReadoutPlace& first = first_[static_cast<std::size_t>(line)];
  if (before == 0) {
    first = place;
    return true;
  }
  auto found = uneven_.find(line);
  if (found != uneven_.end() || place.first_x != first.first_x || place.count != first.count) {
    const auto add = [&](const ReadoutPlace& where, int readouts) {
      for (std::int64_t x = where.first_x; x < where.first_x + where.count; ++x) {
        found->second[static_cast<std::size_t>(x)] += static_cast<float>(readouts);
      }
    };
    if (found == uneven_.end()) {
      found = uneven_.emplace(line, std::vector<float>(static_cast<std::size_t>(width_))).first;
      add(first, before);
    }
    add(place, 1);
  }
  return false;
}

void LineAverages::forget(std::int64_t line) {
  counts_[static_cast<std::size_t>(line)] = 0;
  uneven_.erase(line);
  sums_.erase(line);
}

int LineAverages::fewest() const {
  int fewest = 0;
  for (const int of_line : counts_) {
    fewest = of_line > 0 && (fewest == 0 || of_line < fewest) ? of_line : fewest;
  }
  return fewest;
}

void LineAverages::divide_ahead(std::int64_t line, Samples& samples) {
  if (of(line) < 2) {
    return;
  }
  Samples& sum = sums_[line];
  sum.reserve(static_cast<std::size_t>(coils_ * width_));
  for_each_row(line, samples, [&](std::complex<float>* row) { sum.insert(sum.end(), row, row + width_); });
  divide_line(line, samples);
}

void LineAverages::divide(Samples& samples) const {
  for (std::int64_t line = 0; line < lines_; ++line) {
    if (of(line) > 1 && !sums_.contains(line)) {
      divide_line(line, samples);
    }
  }
}

float LineAverages::held(std::int64_t line, std::int64_t x) const {
  if (const auto uneven = uneven_.find(line); uneven != uneven_.end()) {
    return uneven->second[static_cast<std::size_t>(x)];
  }
  const ReadoutPlace& place = first_[static_cast<std::size_t>(line)];
  return x >= place.first_x && x < place.first_x + place.count ? static_cast<float>(of(line)) : 0;
}

void LineAverages::merge(Samples& samples, const LineAverages& other, const Samples& others) {
  for (std::int64_t line = 0; line < lines_; ++line) {
    if (other.of(line) == 0) {
      continue;
    }
    for (std::int64_t x = 0; x < width_; ++x) {
      const float own = held(line, x);
      const float added = other.held(line, x);
      for (std::int64_t coil = 0; coil < coils_ && added > 0; ++coil) {
        const auto at = static_cast<std::size_t>((coil * lines_ + line) * width_ + x);
        samples[at] = (own * samples[at] + added * others[at]) / (own + added);
      }
    }
    counts_[static_cast<std::size_t>(line)] += other.of(line);
  }
}

void LineAverages::divide_line(std::int64_t line, Samples& samples) const {
  const auto uneven = uneven_.find(line);
  const auto count = static_cast<float>(of(line));
  for_each_row(line, samples, [&](std::complex<float>* row) {
    if (uneven == uneven_.end()) {
      std::for_each(row, row + width_, [&](std::complex<float>& sample) { sample /= count; });
      return;
    }
    for (std::int64_t x = 0; x < width_; ++x) {
      row[x] /= std::max(1.0F, uneven->second[static_cast<std::size_t>(x)]);
    }
  });
}

}  // namespace mriembed::io
