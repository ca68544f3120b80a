// What filling the missing lines of one slice takes, in milliseconds: median and fastest of 101 calls.
//
//   parts=build/cmake/cpp/src/CMakeFiles/mriembed_parts.dir
//   g++ -std=c++20 -O2 -Icpp/include -Icpp/src scripts/benchmarks/line_completion.cpp $(find $parts -name '*.o') \
//       -o build/line_completion -lhwy -lcrypto -lpthread
//   build/line_completion [VIRTUAL_COILS [LINES [COLUMNS [ACCELERATION [CALIBRATION_LINES [THREADS]]]]]]
//
// GRAPPA works on images along x; what the transforms there and back take stands beside it. Partial Fourier is 5/8.
#include <algorithm>
#include <chrono>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "kernels/conjugate_fill.hpp"
#include "kernels/fourier.hpp"
#include "kernels/grappa.hpp"

namespace {

using mriembed::kernels::Direction;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

void report(const char* name, std::vector<double> times) {
  std::ranges::sort(times);
  std::printf("%s: median %.2f ms, fastest %.2f ms\n", name, times[times.size() / 2], times.front());
}

}  // namespace

int main(int count, char** values) {
  const auto value = [&](int place, std::int64_t otherwise) {
    return place < count ? std::strtoll(values[place], nullptr, 10) : otherwise;
  };
  const std::int64_t coils = value(1, 8);
  const std::int64_t lines = value(2, 256);
  const std::int64_t width = value(3, 256);
  const std::int64_t factor = value(4, 2);
  const std::int64_t calibration_lines = value(5, 24);
  const mriembed::threads::Executor executor(static_cast<int>(value(6, 1)), nullptr);

  const mriembed::kernels::LineRange calibration{lines / 2 - calibration_lines / 2,
                                                 lines / 2 - calibration_lines / 2 + calibration_lines};
  std::vector<std::uint8_t> measured(static_cast<std::size_t>(lines), 0);
  for (std::int64_t line = 0; line < lines; ++line) {
    const bool regular = (line - lines / 2) % factor == 0;
    measured[static_cast<std::size_t>(line)] = regular || (line >= calibration.begin && line < calibration.end) ? 1 : 0;
  }
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  std::vector<std::complex<float>> samples(static_cast<std::size_t>(coils * lines * width));
  for (auto& sample : samples) {
    sample = {normal(generator), normal(generator)};
  }
  mriembed::kernels::Grappa grappa;
  const mriembed::kernels::FourierTransform transform(width);
  mriembed::kernels::FourierTransform::Memory memory;
  std::vector<double> fill_times;
  std::vector<double> transform_times;
  std::vector<double> conjugate_times;
  mriembed::kernels::ConjugateFill conjugate_fill;
  const mriembed::kernels::FourierTransform along_y(lines);
  std::vector<mriembed::kernels::FourierTransform::Memory> memories(static_cast<std::size_t>(executor.threads()));
  const auto transform_columns = [&](std::complex<float>* plane, Direction direction, int participant) {
    along_y.along_columns(plane, width, direction, 0.0625F, memories[static_cast<std::size_t>(participant)]);
  };
  for (int call = 0; call < 101; ++call) {
    const auto begin = Clock::now();
    transform.along_rows(samples.data(), coils * lines, Direction::inverse, 0.0625F, memory);
    const auto middle = Clock::now();
    grappa.fill({samples.data(), coils, lines, width, lines * width, 0}, measured, calibration, executor);
    const auto end = Clock::now();
    transform.along_rows(samples.data(), coils * lines, Direction::forward, 0.0625F, memory);
    transform_times.push_back(milliseconds(middle - begin) + milliseconds(Clock::now() - end));
    fill_times.push_back(milliseconds(end - middle));
    const auto start = Clock::now();
    conjugate_fill.fill({samples.data(), coils, lines, width, lines * width, 0}, {0, 5 * lines / 8}, lines / 2,
                        transform_columns, executor);
    conjugate_times.push_back(milliseconds(Clock::now() - start));
  }
  report("GRAPPA", fill_times);
  report("transforms along x, both ways", transform_times);
  report("conjugate fill", conjugate_times);
}
