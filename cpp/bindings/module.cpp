// The Python module mriembed._core: Embedder and ScanQuality on NumPy arrays. Knows nothing of torch's Python side; the
// arguments are checked and converted in python/mriembed/embedder.py and quality.py.
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <complex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/array_views.hpp"
#include "bindings/python_error.hpp"
#include "bindings/quality.hpp"
#include "mriembed/embedder.hpp"

namespace py = pybind11;

namespace {

using mriembed::ArrayView;
using mriembed::Embedder;
using mriembed::Error;
using mriembed::ErrorCode;
using mriembed::bindings::view_of;

mriembed::Precision precision_named(const std::string& name) {
  if (name == "float32") {
    return mriembed::Precision::float32;
  }
  if (name == "bfloat16") {
    return mriembed::Precision::bfloat16;
  }
  if (name == "float16") {
    return mriembed::Precision::float16;
  }
  throw Error(ErrorCode::invalid_argument, "precision must be float32, bfloat16 or float16, not \"" + name + "\"");
}

mriembed::Backend backend_named(const std::string& name) {
  if (name == "auto") {
    return mriembed::Backend::automatic;
  }
  if (name == "native") {
    return mriembed::Backend::native;
  }
  if (name == "torch") {
    return mriembed::Backend::torch;
  }
  throw Error(ErrorCode::invalid_argument, "backend must be auto, native or torch, not \"" + name + "\"");
}

const char* name_of(mriembed::Precision precision) {
  switch (precision) {
    case mriembed::Precision::bfloat16:
      return "bfloat16";
    case mriembed::Precision::float16:
      return "float16";
    case mriembed::Precision::float32:
      break;
  }
  return "float32";
}

// Allocates the result and fills it without the GIL.
template <typename Run>
py::array_t<float> embeddings_of(const Embedder& embedder, std::int64_t slices, const Run& run) {
  const std::array<std::int64_t, 2> shape{slices, embedder.info().embed_dim};
  py::array_t<float> result({shape[0], shape[1]});
  const auto rows = ArrayView<float, 2>::row_major(result.mutable_data(), shape);
  const py::gil_scoped_release released;
  run(rows);
  return result;
}

mriembed::Trust trust_in(std::vector<std::string> keys, bool allow_unsealed) {
  mriembed::Trust trust;
  trust.keys = std::move(keys);
  trust.allow_unsealed = allow_unsealed;
  return trust;
}

// Whether a handler of a signal, Ctrl-C's for instance, has raised an exception. Python runs them in its main thread
// alone, between the instructions of a program; within a call of the library nobody else would. Another thread may hold
// the GIL for some milliseconds: it is asked for seldom.
bool signalled() {
  using Clock = std::chrono::steady_clock;
  constexpr auto pause = std::chrono::milliseconds(40);
  thread_local Clock::time_point asked;
  if (Clock::now() - asked < pause) {
    return false;
  }
  const py::gil_scoped_acquire acquired;
  asked = Clock::now();
  return PyErr_CheckSignals() != 0;
}

// `bytes` of a model file, or none: it lies at `path`.
Embedder load(const std::string& path, std::optional<std::string> bytes, const std::string& device,
              const std::string& precision, int threads, const std::string& backend, std::int64_t memory_mib,
              std::vector<std::string> trusted_keys, bool allow_unsealed) {
  mriembed::Options options;
  options.device = device;
  options.precision = precision_named(precision);
  options.threads = threads;
  options.backend = backend_named(backend);
  options.memory_mib = memory_mib;
  options.trust = trust_in(std::move(trusted_keys), allow_unsealed);
  options.interrupted = signalled;
  const py::gil_scoped_release released;
  return bytes ? Embedder::from_bytes(std::move(*bytes), path, options) : Embedder::load(path, options);
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "libmriembed on NumPy arrays; use mriembed.Embedder";

  py::register_exception_translator(
      [](std::exception_ptr pointer) {  // NOLINT(performance-unnecessary-value-param): pybind11's signature
        try {
          if (pointer) {
            std::rethrow_exception(pointer);
          }
        } catch (const Error& error) {
          if (error.code() == ErrorCode::interrupted && PyErr_Occurred() != nullptr) {
            return;  // with what the handler raised
          }
          mriembed::bindings::set_python_error(error);
        }
      });

  py::class_<mriembed::KindOfPair>(module, "KindOfPair")
      .def_readonly("name", &mriembed::KindOfPair::name)
      .def_readonly("deciles", &mriembed::KindOfPair::deciles)
      .def_readonly("below_threshold", &mriembed::KindOfPair::below_threshold);
  py::class_<mriembed::Distances>(module, "Distances")
      .def_readonly("kinds", &mriembed::Distances::kinds)
      .def_readonly("threshold", &mriembed::Distances::threshold)
      .def_readonly("source", &mriembed::Distances::source);
  using mriembed::ModelInfo;
  py::class_<ModelInfo>(module, "ModelInfo")
      .def_readonly("format_version", &ModelInfo::format_version)
      .def_readonly("model_class", &ModelInfo::model_class)
      .def_readonly("arguments", &ModelInfo::arguments)
      .def_readonly("in_channels", &ModelInfo::in_channels)
      .def_readonly("num_coils", &ModelInfo::num_coils)
      .def_readonly("embed_dim", &ModelInfo::embed_dim)
      .def_readonly("parameters", &ModelInfo::parameters)
      .def_readonly("preprocessing_version", &ModelInfo::preprocessing_version)
      .def_readonly("coil_compression", &ModelInfo::coil_compression)
      .def_readonly("matrix", &ModelInfo::matrix)
      .def_readonly("mriembed_version", &ModelInfo::mriembed_version)
      .def_readonly("torch_version", &ModelInfo::torch_version)
      .def_readonly("python_version", &ModelInfo::python_version)
      .def_readonly("created", &ModelInfo::created)
      .def_readonly("source_revision", &ModelInfo::source_revision)
      .def_readonly("weights_source", &ModelInfo::weights_source)
      .def_readonly("weights_sha256", &ModelInfo::weights_sha256)
      .def_readonly("distances", &ModelInfo::distances)
      .def_readonly("sealed", &ModelInfo::sealed)
      .def_readonly("signers", &ModelInfo::signers);
  module.def(
      "read_model_info",
      [](const std::string& path, std::vector<std::string> trusted_keys, bool allow_unsealed) {
        const py::gil_scoped_release released;
        return mriembed::read_model_info(path, trust_in(std::move(trusted_keys), allow_unsealed));
      },
      py::arg("path"), py::arg("trusted_keys"), py::arg("allow_unsealed"));
  module.def(
      "read_checked_model_file",
      [](const std::string& path, std::vector<std::string> trusted_keys, bool allow_unsealed) {
        std::string bytes;
        {
          const py::gil_scoped_release released;
          bytes = mriembed::read_checked_model_file(path, trust_in(std::move(trusted_keys), allow_unsealed));
        }
        return py::bytes(bytes);
      },
      py::arg("path"), py::arg("trusted_keys"), py::arg("allow_unsealed"));

  mriembed::bindings::bind_quality(module);

  py::class_<Embedder>(module, "Embedder")
      .def(py::init(&load), py::arg("path"), py::arg("bytes"), py::arg("device"), py::arg("precision"),
           py::arg("threads"), py::arg("backend"), py::arg("memory_mib"), py::arg("trusted_keys"),
           py::arg("allow_unsealed"))
      .def_property_readonly("info", &Embedder::info)
      .def_property_readonly(
          "backend",
          [](const Embedder& self) { return self.backend() == mriembed::Backend::native ? "native" : "torch"; })
      .def_property_readonly("compute_dtype", [](const Embedder& self) { return name_of(self.compute_dtype()); })
      .def("warm_up_kspace", &Embedder::warm_up_kspace, py::arg("shape"), py::arg("readout_width"),
           py::arg("phase_height"), py::call_guard<py::gil_scoped_release>())
      .def("warm_up", &Embedder::warm_up, py::arg("slices"), py::arg("height"), py::arg("width"),
           py::call_guard<py::gil_scoped_release>())
      .def(
          "embed",
          [](const Embedder& self, const py::array_t<float>& network_input) {
            const auto view = view_of<float, 4>(network_input, "network_input");
            return embeddings_of(self, view.shape[0], [&](const auto& rows) { self.embed(view, rows); });
          },
          py::arg("network_input"))
      .def(
          "embed_images",
          [](const Embedder& self, const py::array_t<std::complex<float>>& coil_images) {
            const auto view = view_of<std::complex<float>, 4>(coil_images, "coil images");
            return embeddings_of(self, view.shape[0], [&](const auto& rows) { self.embed_images(view, rows); });
          },
          py::arg("coil_images"))
      .def(
          "embed_kspace",
          [](const Embedder& self, const py::array_t<std::complex<float>>& kspace,
             const std::optional<py::array_t<std::complex<double>>>& noise_covariance, std::int64_t readout_width,
             std::int64_t phase_height, double pixel_aspect) {
            const auto view = view_of<std::complex<float>, 4>(kspace, "k-space");
            mriembed::KspaceOptions options;
            options.readout_width = readout_width;
            options.phase_height = phase_height;
            options.pixel_aspect = pixel_aspect;
            if (noise_covariance.has_value()) {
              options.noise_covariance = view_of<std::complex<double>, 2>(*noise_covariance, "noise covariance");
            }
            return embeddings_of(self, view.shape[0],
                                 [&](const auto& rows) { self.embed_kspace(view, rows, options); });
          },
          py::arg("kspace"), py::arg("noise_covariance"), py::arg("readout_width"), py::arg("phase_height"),
          py::arg("pixel_aspect"))
      .def("verify", [](const Embedder& self) {
        mriembed::Verification result;
        {
          const py::gil_scoped_release released;
          result = self.verify();
        }
        return py::make_tuple(result.weights_match, result.largest_difference, result.cosine, result.passed);
      });
}
