#include "live_scan.hpp"

#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/live_scan.hpp"
#include "io/mrd_header.hpp"
#include "io/mrd_messages.hpp"
#include "io/size_limits.hpp"

namespace mriembed::bindings {

namespace {

namespace py = pybind11;

using Samples = py::array_t<std::complex<float>, py::array::c_style | py::array::forcecast>;

class PythonLiveScan {
 public:
  PythonLiveScan(const std::string& xml, bool prewhiten, bool allow_undersampled)
      : scan_(io::parse_mrd_header(xml), options_of(prewhiten, allow_undersampled), {}) {}

  // `header`: the 340 bytes of ISMRMRD_AcquisitionHeader; samples (coils, samples).
  void add(const std::string& header, const Samples& samples) {
    const io::Acquisition line = io::acquisition_of_bytes(header);
    if (samples.ndim() != 2 || samples.shape(0) != line.coils || samples.shape(1) != line.samples) {
      io::refuse("an acquisition's header tells of " + std::to_string(line.coils) + " x " +
                 std::to_string(line.samples) + " samples, which its data are not");
    }
    const auto count = static_cast<std::size_t>(samples.size());
    const std::complex<float>* const first = samples.data();
    const py::gil_scoped_release released;
    scan_.add(line, {first, count});
  }

  void end() {
    const py::gil_scoped_release released;
    scan_.end();
  }

  // (coils, y, x) of the next slice that is whole; None: there is none yet.
  py::object next() {
    bool found = false;
    {
      const py::gil_scoped_release released;
      found = scan_.next(slice_);
    }
    if (!found) {
      return py::none();
    }
    const std::vector<py::ssize_t> shape{slice_.channels, slice_.height, slice_.width};
    return py::array_t<std::complex<float>>(shape, slice_.samples.data());
  }

  [[nodiscard]] py::object noise_covariance() const {
    const auto& noise = scan_.noise_covariance();
    if (!noise.has_value()) {
      return py::none();
    }
    return py::array_t<std::complex<double>>({noise->coils, noise->coils}, noise->values.data());
  }

  [[nodiscard]] const io::Slice& slice() const { return slice_; }
  std::vector<std::string> take_warnings() { return scan_.take_warnings(); }

 private:
  static io::ReadOptions options_of(bool prewhiten, bool allow_undersampled) {
    io::ReadOptions options;
    options.allow_undersampled = allow_undersampled;
    options.noise = prewhiten ? io::NoiseUse::own : io::NoiseUse::none;
    return options;
  }

  io::LiveScan scan_;
  io::Slice slice_;  // that next() gave last
};

}  // namespace

void bind_live_scan(py::module_& module) {
  const auto of_label = [](auto member) {
    return [member](const PythonLiveScan& self) { return self.slice().label.*member; };
  };
  py::class_<PythonLiveScan>(module, "LiveScan")
      .def(py::init<const std::string&, bool, bool>(), py::arg("header"), py::arg("prewhiten"),
           py::arg("allow_undersampled"))
      .def("add", &PythonLiveScan::add, py::arg("header"), py::arg("samples"))
      .def("end", &PythonLiveScan::end)
      .def("next", &PythonLiveScan::next)
      .def("take_warnings", &PythonLiveScan::take_warnings)
      .def_property_readonly("noise_covariance", &PythonLiveScan::noise_covariance)
      .def_property_readonly("slice", of_label(&io::SliceLabel::slice))
      .def_property_readonly("contrast", of_label(&io::SliceLabel::contrast))
      .def_property_readonly("phase", of_label(&io::SliceLabel::phase))
      .def_property_readonly("repetition", of_label(&io::SliceLabel::repetition))
      .def_property_readonly("set", of_label(&io::SliceLabel::set))
      .def_property_readonly("partition", of_label(&io::SliceLabel::partition))
      .def_property_readonly("position_mm", of_label(&io::SliceLabel::position_mm))
      .def_property_readonly("readout_width",
                             [](const PythonLiveScan& self) { return self.slice().geometry.readout_width; })
      .def_property_readonly("phase_height",
                             [](const PythonLiveScan& self) { return self.slice().geometry.phase_height; })
      .def_property_readonly("pixel_aspect", [](const PythonLiveScan& self) {
        return io::aspect_of(self.slice().geometry, self.slice().height, self.slice().width);
      });
}

}  // namespace mriembed::bindings
