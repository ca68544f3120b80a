// The Python module mriembed._scans: scan files as NumPy arrays, read by the readers of mriembed_cli. Use
// mriembed.scans.
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "check/check_report.hpp"
#include "check/checked_scan.hpp"
#include "io/scan_file.hpp"
#include "io/scan_reader.hpp"
#include "live_scan.hpp"
#include "mriembed/error.hpp"
#include "python_error.hpp"

namespace py = pybind11;

namespace {

using mriembed::io::Domain;

const char* name_of(Domain domain) {
  switch (domain) {
    case Domain::kspace:
      return "kspace";
    case Domain::image:
      return "image";
    case Domain::network_input:
      break;
  }
  return "network_input";
}

class Scan {
 public:
  Scan(const std::string& path, const std::string& scan_reader, bool images, const std::string& group,
       const std::string& noise, bool allow_undersampled) {
    mriembed::io::ReadOptions options;
    options.group = group;
    options.allow_undersampled = allow_undersampled;
    if (images) {
      options.domain = Domain::image;
    }
    options.hdf5_reader = scan_reader;
    const py::gil_scoped_release released;
    reader_ = mriembed::io::open_scan_file(path, options, mriembed::io::measured_noise(noise, scan_reader));
  }

  [[nodiscard]] const mriembed::io::ScanSummary& summary() const { return reader_->summary(); }

  // Of the slice that was read last: (coils, coils), or None.
  [[nodiscard]] py::object noise_covariance() const {
    const auto& noise = reader_->noise_of(slice_.label.measurement);
    if (!noise.has_value()) {
      return py::none();
    }
    return py::array_t<std::complex<double>>({noise->coils, noise->coils}, noise->values.data());
  }

  // Of the slice that was read last.
  [[nodiscard]] double pixel_aspect() const {
    return mriembed::io::aspect_of(slice_.geometry, slice_.height, slice_.width);
  }

  // Of the slice that was read last.
  [[nodiscard]] const mriembed::io::SliceGeometry& geometry() const { return slice_.geometry; }

  // (coils, y, x) complex; of network input (channels, H, W) real.
  py::array read(std::int64_t index) {
    if (index < 0 || index >= summary().slices) {
      throw py::index_error("the scan has " + std::to_string(summary().slices) + " slices");
    }
    {
      const py::gil_scoped_release released;
      reader_->read(index, slice_);
    }
    const std::vector<py::ssize_t> shape{slice_.channels, slice_.height, slice_.width};
    if (!slice_.network_input.empty()) {
      return py::array_t<float>(shape, slice_.network_input.data());
    }
    return py::array_t<std::complex<float>>(shape, slice_.samples.data());
  }

  // What `mriembed_cli check` says of each measurement. `limits`: a limits file; empty: the defaults. `reference`: a
  // reference file; empty: none.
  std::vector<mriembed::check::Checked> check(const std::string& limits, const std::string& reference) {
    const py::gil_scoped_release released;
    return mriembed::check::check_scan(*reader_, mriembed::check::check_criteria(limits, reference));
  }

 private:
  std::unique_ptr<mriembed::io::ScanReader> reader_;
  mriembed::io::Slice slice_;
};

}  // namespace

PYBIND11_MODULE(_scans, module) {
  module.doc() = "The scan readers of mriembed_cli; use mriembed.scans";

  py::register_local_exception_translator(
      [](std::exception_ptr pointer) {  // NOLINT(performance-unnecessary-value-param): pybind11's signature
        try {
          if (pointer) {
            std::rethrow_exception(pointer);
          }
        } catch (const mriembed::Error& error) {
          mriembed::bindings::set_python_error(error);
        }
      });

  py::class_<Scan>(module, "Scan")
      .def(py::init<const std::string&, const std::string&, bool, const std::string&, const std::string&, bool>(),
           py::arg("path"), py::arg("scan_reader"), py::arg("images"), py::arg("group"), py::arg("noise"),
           py::arg("allow_undersampled") = false)
      .def_property_readonly("domain", [](const Scan& self) { return name_of(self.summary().domain); })
      .def_property_readonly("slices", [](const Scan& self) { return self.summary().slices; })
      .def_property_readonly("warnings", [](const Scan& self) { return self.summary().warnings; })
      .def_property_readonly("readout_width", [](const Scan& self) { return self.geometry().readout_width; })
      .def_property_readonly("phase_height", [](const Scan& self) { return self.geometry().phase_height; })
      .def_property_readonly("pixel_aspect", [](const Scan& self) { return self.pixel_aspect(); })
      .def_property_readonly("noise_covariance", &Scan::noise_covariance)
      .def("read", &Scan::read, py::arg("index"))
      .def("check", &Scan::check, py::arg("limits"), py::arg("reference"));

  module.def("scan_endings", mriembed::io::scan_endings);
  mriembed::bindings::bind_live_scan(module);

  using mriembed::check::Checked;
  py::module_::import("mriembed._core");  // has the types of figures and findings
  py::class_<Checked>(module, "Checked")
      .def_readonly("measurement", &Checked::measurement)
      .def_readonly("noise_is_measured", &Checked::noise_is_measured)
      .def_readonly("channels", &Checked::channels)
      .def_readonly("channel_names", &Checked::names)
      .def_readonly("dead_channels", &Checked::dead_channels)
      .def_readonly("figures", &Checked::figures)
      .def_readonly("findings", &Checked::findings)
      .def_property_readonly("noise_change", [](const Checked& checked) { return checked.noise_change.of_coils; })
      .def_property_readonly("array_noise_change", [](const Checked& checked) { return checked.noise_change.of_array; })
      .def_property_readonly("lines", &mriembed::check::lines_of)
      .def_property_readonly("not_judged", &mriembed::check::not_judged);
}
