#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "c_interface.hpp"
#include "mriembed/embedder.hpp"
#include "mriembed/mriembed.h"
#include "mriembed/version.h"

struct mriembed_embedder {
  mriembed::Embedder embedder;
};

namespace {

using mriembed::ArrayView;
using mriembed::Error;
using mriembed::ErrorCode;
using mriembed::c_interface::guarded;
using mriembed::c_interface::options_of;
using mriembed::c_interface::require;

template <typename T>
ArrayView<const T, 4> view_of(const float* samples, const std::int64_t* shape, const std::int64_t* strides) {
  require(shape, "shape");
  const std::array<std::int64_t, 4> lengths{shape[0], shape[1], shape[2], shape[3]};
  auto view = ArrayView<const T, 4>::row_major(reinterpret_cast<const T*>(samples), lengths);
  if (strides != nullptr) {
    std::copy_n(strides, 4, view.strides.begin());
  }
  return view;
}

ArrayView<float, 2> rows_for(const mriembed_embedder& embedder, float* embeddings, std::int64_t slices) {
  return ArrayView<float, 2>::row_major(embeddings, {slices, embedder.embedder.info().embed_dim});
}

mriembed::Precision precision_of(mriembed_precision precision) {
  switch (precision) {
    case MRIEMBED_FLOAT32:
      return mriembed::Precision::float32;
    case MRIEMBED_BFLOAT16:
      return mriembed::Precision::bfloat16;
    case MRIEMBED_FLOAT16:
      return mriembed::Precision::float16;
  }
  throw Error(ErrorCode::invalid_argument, "precision must be MRIEMBED_FLOAT32, MRIEMBED_BFLOAT16 or MRIEMBED_FLOAT16");
}

mriembed::Backend backend_of(mriembed_backend backend) {
  switch (backend) {
    case MRIEMBED_AUTOMATIC:
      return mriembed::Backend::automatic;
    case MRIEMBED_NATIVE:
      return mriembed::Backend::native;
    case MRIEMBED_TORCH:
      return mriembed::Backend::torch;
  }
  throw Error(ErrorCode::invalid_argument, "backend must be MRIEMBED_AUTOMATIC, MRIEMBED_NATIVE or MRIEMBED_TORCH");
}

mriembed::Options options_from(const mriembed_options* options) {
  const mriembed_options given = options_of(options, mriembed_options_init);
  require(given.device, "options.device");
  mriembed::Options converted;
  converted.device = given.device;
  converted.precision = precision_of(given.precision);
  converted.backend = backend_of(given.backend);
  converted.threads = given.threads;
  converted.memory_mib = given.memory_mib;
  if (given.parallel_for != nullptr) {
    converted.parallel_for = [run = given.parallel_for, context = given.parallel_for_context](
                                 std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
      const auto call = [](void* work, std::int64_t index) {
        (*static_cast<const std::function<void(std::int64_t)>*>(work))(index);
      };
      run(context, tasks, call, const_cast<std::function<void(std::int64_t)>*>(&task));
    };
  }
  converted.trust.allow_unsealed = given.allow_unsealed != 0;
  if (given.trusted_key_count > 0) {
    require(given.trusted_keys, "trusted_keys");
  }
  for (std::size_t key = 0; key < given.trusted_key_count; ++key) {
    require(given.trusted_keys[key], "a key of trusted_keys");
    converted.trust.keys.emplace_back(given.trusted_keys[key]);
  }
  return converted;
}

}  // namespace

void mriembed_options_init(mriembed_options* options) {
  if (options != nullptr) {
    *options = {sizeof(mriembed_options),
                "cpu",
                MRIEMBED_FLOAT32,
                0,
                mriembed::Options().memory_mib,
                nullptr,
                0,
                0,
                nullptr,
                nullptr,
                MRIEMBED_AUTOMATIC};
  }
}

void mriembed_kspace_options_init(mriembed_kspace_options* options) {
  if (options != nullptr) {
    *options = {sizeof(mriembed_kspace_options), nullptr, 0, 0, 1};
  }
}

const char* mriembed_version(void) { return MRIEMBED_VERSION; }

mriembed_status mriembed_load(const char* path, const mriembed_options* options, mriembed_embedder** embedder,
                              mriembed_error* error) {
  return guarded(error, [&] {
    require(embedder, "embedder");
    *embedder = nullptr;
    require(path, "path");
    auto loaded = mriembed::Embedder::load(path, options_from(options));
    *embedder = std::make_unique<mriembed_embedder>(mriembed_embedder{std::move(loaded)}).release();
  });
}

mriembed_status mriembed_load_bytes(const void* bytes, size_t size, const char* name, const mriembed_options* options,
                                    mriembed_embedder** embedder, mriembed_error* error) {
  return guarded(error, [&] {
    require(embedder, "embedder");
    *embedder = nullptr;
    require(bytes, "bytes");
    require(name, "name");
    std::string file(static_cast<const char*>(bytes), size);
    auto loaded = mriembed::Embedder::from_bytes(std::move(file), name, options_from(options));
    *embedder = std::make_unique<mriembed_embedder>(mriembed_embedder{std::move(loaded)}).release();
  });
}

int mriembed_is_sealed(const mriembed_embedder* embedder) {
  return embedder != nullptr && embedder->embedder.info().sealed ? 1 : 0;
}

void mriembed_destroy(mriembed_embedder* embedder) { std::unique_ptr<mriembed_embedder>{embedder}.reset(); }

int64_t mriembed_embed_dim(const mriembed_embedder* embedder) {
  return embedder == nullptr ? 0 : embedder->embedder.info().embed_dim;
}

int64_t mriembed_in_channels(const mriembed_embedder* embedder) {
  return embedder == nullptr ? 0 : embedder->embedder.info().in_channels;
}

int64_t mriembed_num_coils(const mriembed_embedder* embedder) {
  return embedder == nullptr ? 0 : embedder->embedder.info().num_coils;
}

mriembed_status mriembed_warm_up(const mriembed_embedder* embedder, int64_t slices, int64_t height, int64_t width,
                                 mriembed_error* error) {
  return guarded(error, [&] {
    require(embedder, "embedder");
    embedder->embedder.warm_up(slices, height, width);
  });
}

mriembed_status mriembed_warm_up_kspace(const mriembed_embedder* embedder, const int64_t shape[4],
                                        const mriembed_kspace_options* options, mriembed_error* error) {
  return guarded(error, [&] {
    require(embedder, "embedder");
    require(shape, "shape");
    const mriembed_kspace_options given = options_of(options, mriembed_kspace_options_init);
    embedder->embedder.warm_up_kspace({shape[0], shape[1], shape[2], shape[3]}, given.readout_width,
                                      given.phase_height);
  });
}

mriembed_status mriembed_embed(const mriembed_embedder* embedder, const float* network_input, const int64_t shape[4],
                               const int64_t strides[4], float* embeddings, mriembed_error* error) {
  return guarded(error, [&] {
    require(embedder, "embedder");
    const auto view = view_of<float>(network_input, shape, strides);
    embedder->embedder.embed(view, rows_for(*embedder, embeddings, view.shape[0]));
  });
}

mriembed_status mriembed_embed_images(const mriembed_embedder* embedder, const float* coil_images,
                                      const int64_t shape[4], const int64_t strides[4], float* embeddings,
                                      mriembed_error* error) {
  return guarded(error, [&] {
    require(embedder, "embedder");
    const auto view = view_of<std::complex<float>>(coil_images, shape, strides);
    embedder->embedder.embed_images(view, rows_for(*embedder, embeddings, view.shape[0]));
  });
}

mriembed_status mriembed_embed_kspace(const mriembed_embedder* embedder, const float* kspace, const int64_t shape[4],
                                      const int64_t strides[4], const mriembed_kspace_options* options,
                                      float* embeddings, mriembed_error* error) {
  return guarded(error, [&] {
    require(embedder, "embedder");
    const auto view = view_of<std::complex<float>>(kspace, shape, strides);
    const mriembed_kspace_options given = options_of(options, mriembed_kspace_options_init);
    mriembed::KspaceOptions converted;
    converted.readout_width = given.readout_width;
    converted.phase_height = given.phase_height;
    converted.pixel_aspect = given.pixel_aspect;
    if (given.noise_covariance != nullptr) {
      converted.noise_covariance = ArrayView<const std::complex<double>, 2>::row_major(
          reinterpret_cast<const std::complex<double>*>(given.noise_covariance), {view.shape[1], view.shape[1]});
    }
    embedder->embedder.embed_kspace(view, rows_for(*embedder, embeddings, view.shape[0]), converted);
  });
}
