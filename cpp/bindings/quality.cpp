#include "bindings/quality.hpp"

#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <complex>
#include <cstdint>
#include <string>
#include <vector>

#include "bindings/array_views.hpp"
#include "mriembed/quality_findings.hpp"
#include "mriembed/scan_quality.hpp"

namespace py = pybind11;

namespace mriembed::bindings {

void bind_quality(py::module_& module) {
  py::class_<CoilQuality>(module, "CoilQuality")
      .def_readonly("noise", &CoilQuality::noise)
      .def_readonly("noise_is_estimated", &CoilQuality::noise_is_estimated)
      .def_readonly("signal", &CoilQuality::signal)
      .def_readonly("signal_share", &CoilQuality::signal_share)
      .def_readonly("snr", &CoilQuality::snr)
      .def_readonly("correlation", &CoilQuality::correlation)
      .def_readonly("correlated_with", &CoilQuality::correlated_with)
      .def_readonly("clipped", &CoilQuality::clipped)
      .def_readonly("is_zero", &CoilQuality::is_zero)
      .def_readonly("echo_contrast", &CoilQuality::echo_contrast)
      .def_readonly("scan_noise", &CoilQuality::scan_noise);
  py::class_<Spike>(module, "Spike")
      .def_readonly("y", &Spike::y)
      .def_readonly("x", &Spike::x)
      .def_readonly("level", &Spike::level)
      .def_readonly("share", &Spike::share);
  py::class_<SliceQuality>(module, "SliceQuality")
      .def_readonly("lines", &SliceQuality::lines)
      .def_readonly("measured_lines", &SliceQuality::measured_lines)
      .def_readonly("spike", &SliceQuality::spike)
      .def_readonly("echo_y", &SliceQuality::echo_y)
      .def_readonly("echo_x", &SliceQuality::echo_x)
      .def_readonly("lines_are_judged", &SliceQuality::lines_are_judged)
      .def_readonly("ghost_is_judged", &SliceQuality::ghost_is_judged)
      .def_readonly("ghost_phase", &SliceQuality::ghost_phase)
      .def_readonly("motion_level", &SliceQuality::motion_level)
      .def_readonly("motion_line", &SliceQuality::motion_line)
      .def_readonly("zero_readouts", &SliceQuality::zero_readouts)
      .def_readonly("zero_readouts_coil", &SliceQuality::zero_readouts_coil)
      .def_readonly("residual_spike", &SliceQuality::residual_spike)
      .def_readonly("echo_contrast", &SliceQuality::echo_contrast)
      .def_readonly("signal_change", &SliceQuality::signal_change)
      .def_readonly("signal_change_coil", &SliceQuality::signal_change_coil)
      .def_readonly("coil_change_is_judged", &SliceQuality::coil_change_is_judged)
      .def_readonly("coil_change", &SliceQuality::coil_change)
      .def_readonly("coil_change_coil", &SliceQuality::coil_change_coil)
      .def_readonly("coil_change_line", &SliceQuality::coil_change_line)
      .def_readonly("lost_lines", &SliceQuality::lost_lines);
  py::class_<Interference>(module, "Interference")
      .def_readonly("level", &Interference::level)
      .def_readonly("frequency", &Interference::frequency)
      .def_readonly("coil", &Interference::coil);
  py::class_<ScanQualityFigures>(module, "ScanQualityFigures")
      .def_readonly("coils", &ScanQualityFigures::coils)
      .def_readonly("slices", &ScanQualityFigures::slices)
      .def_readonly("interference", &ScanQualityFigures::interference)
      .def_readonly("correlation_samples", &ScanQualityFigures::correlation_samples);
  py::class_<Finding>(module, "Finding")
      .def_property_readonly("fault", [](const Finding& finding) { return std::string(name_of(finding.fault)); })
      .def_readonly("coil", &Finding::coil)
      .def_readonly("slice", &Finding::slice)
      .def_readonly("value", &Finding::value)
      .def_readonly("limit", &Finding::limit)
      .def_property_readonly("severity", &Finding::severity);
  py::class_<QualityLimits>(module, "QualityLimits")
      .def(py::init<>())
      .def_readwrite("high_noise", &QualityLimits::high_noise)
      .def_readwrite("low_noise", &QualityLimits::low_noise)
      .def_readwrite("low_snr", &QualityLimits::low_snr)
      .def_readwrite("correlation", &QualityLimits::correlation)
      .def_readwrite("clipped", &QualityLimits::clipped)
      .def_readwrite("interference", &QualityLimits::interference)
      .def_readwrite("spike", &QualityLimits::spike)
      .def_readwrite("ghost_phase", &QualityLimits::ghost_phase)
      .def_readwrite("motion_level", &QualityLimits::motion_level)
      .def_readwrite("zero_readouts", &QualityLimits::zero_readouts)
      .def_readwrite("residual_spike", &QualityLimits::residual_spike)
      .def_readwrite("noise_increase", &QualityLimits::noise_increase)
      .def_readwrite("noise_decrease", &QualityLimits::noise_decrease)
      .def_readwrite("array_noise_increase", &QualityLimits::array_noise_increase)
      .def_readwrite("array_noise_decrease", &QualityLimits::array_noise_decrease)
      .def_readwrite("no_signal", &QualityLimits::no_signal)
      .def_readwrite("signal_change", &QualityLimits::signal_change)
      .def_readwrite("coil_change", &QualityLimits::coil_change)
      .def_readwrite("scan_noise", &QualityLimits::scan_noise)
      .def_readwrite("lost_lines", &QualityLimits::lost_lines)
      .def_readwrite("echo", &QualityLimits::echo);
  py::class_<ScanQuality>(module, "ScanQuality")
      .def(py::init<std::int64_t>(), py::arg("coils"))
      .def(
          "set_noise",
          [](ScanQuality& self, const py::array_t<std::complex<double>>& covariance, std::int64_t samples) {
            self.set_noise(view_of<std::complex<double>, 2>(covariance, "noise covariance"), samples);
          },
          py::arg("covariance"), py::arg("samples"))
      .def(
          "add_slice",
          [](ScanQuality& self, const py::array_t<std::complex<float>>& kspace) {
            const auto view = view_of<std::complex<float>, 3>(kspace, "k-space");
            const py::gil_scoped_release released;
            self.add_slice(view);
          },
          py::arg("kspace"))
      .def("figures", &ScanQuality::figures)
      .def(
          "findings",
          [](const ScanQuality& self, const QualityLimits& limits, const std::vector<QualityLimits>& of_coils,
             const std::vector<double>& reference, bool reference_is_estimated) {
            return findings_of(self.figures(), limits, of_coils, {reference, reference_is_estimated});
          },
          py::arg("limits"), py::arg("of_coils"), py::arg("reference"), py::arg("reference_is_estimated"));
}

}  // namespace mriembed::bindings
