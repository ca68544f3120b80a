/** @file
 * The C interface of libmriembed: the same operations as embedder.hpp, for C and for languages that call C.
 *
 * Every function that can fail returns a status. If `error` is not NULL, it writes the status and one line of plain
 * text there. No exception leaves these functions, and they keep no state outside the embedder. Shapes, units and
 * thread safety are those of embedder.hpp: many threads may use one embedder at once.
 *
 * The functions that embed read the caller's samples and write (shape[0], embed_dim) floats, row after row, to the
 * caller's `embeddings`; they write nothing if they fail. `strides` counts elements (complex ones for complex samples,
 * which are pairs real, imaginary); NULL means row-major. */
#ifndef MRIEMBED_MRIEMBED_H
#define MRIEMBED_MRIEMBED_H

#include <stddef.h>
#include <stdint.h>

#include "mriembed/export.h"
#include "mriembed/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Whether a function succeeded; the values are those of mriembed::ErrorCode. */
typedef enum mriembed_status {
  MRIEMBED_OK = 0,                   /**< success */
  MRIEMBED_INTERNAL = 1,             /**< a defect of the library or its run-time */
  MRIEMBED_INVALID_ARGUMENT = 2,     /**< shapes, options or pointers that cannot be right */
  MRIEMBED_BAD_MODEL_FILE = 3,       /**< unreadable, damaged, of another kind or of an unknown version */
  MRIEMBED_BAD_INPUT = 4,            /**< samples that cannot be embedded: all zero, NaN, infinite */
  MRIEMBED_DEVICE_NOT_AVAILABLE = 5, /**< the device or precision does not exist on this machine */
  MRIEMBED_OUT_OF_MEMORY = 6         /**< fewer slices per call, or a smaller memory_mib, need less memory */
} mriembed_status;

/** What a failed function reports. */
typedef struct mriembed_error {
  mriembed_status code;
  int64_t slice;      /**< the slice of the call that is at fault, from 0; -1 if no single slice is */
  char message[1024]; /**< ends with a zero byte; longer messages are cut */
} mriembed_error;

/** Arithmetic of the network. */
typedef enum mriembed_precision {
  MRIEMBED_FLOAT32 = 0,
  MRIEMBED_BFLOAT16 = 1, /**< on CPUs where float32 is faster: float32 */
  MRIEMBED_FLOAT16 = 2   /**< needs a GPU */
} mriembed_precision;

/** A piece of work that mriembed_parallel_for runs. */
typedef void (*mriembed_task)(void* work, int64_t task);
/** The host's own threads, see parallel_for.hpp: calls task(work, 0) to task(work, tasks - 1), each once, on any
 * threads, and returns when all have returned. `context` is mriembed_options.parallel_for_context. It must not throw.
 * mriembed_load calls it as well. */
typedef void (*mriembed_parallel_for)(void* context, int64_t tasks, mriembed_task task, void* work);

/** Whose kernels run the network, as mriembed::Backend in embedder.hpp. */
typedef enum mriembed_backend { MRIEMBED_AUTOMATIC = 0, MRIEMBED_NATIVE = 1, MRIEMBED_TORCH = 2 } mriembed_backend;

/** How a model file is loaded and run. Fill with mriembed_options_init, then change what should differ. */
typedef struct mriembed_options {
  size_t struct_size;                 /**< set by the init function; lets later versions add members */
  const char* device;                 /**< "cpu", "cuda" or "cuda:N"; read during the load only */
  mriembed_precision precision;       /**< of the network */
  int threads;                        /**< most CPU threads of one call, see embedder.hpp; 0: one for each processor */
  int64_t memory_mib;                 /**< approximate working-memory limit per call (MiB), see embedder.hpp; 1024 */
  const char* const* trusted_keys;    /**< files of public keys, see model_file.hpp; read during the load only */
  size_t trusted_key_count;           /**< 0: no signature needed */
  int allow_unsealed;                 /**< not 0: also load TorchScript files without a seal */
  mriembed_parallel_for parallel_for; /**< NULL: the library's pool of threads */
  void* parallel_for_context;         /**< passed to parallel_for; must live as long as the embedder */
  mriembed_backend backend;           /**< what runs the network */
} mriembed_options;

/** What a call needs to know of k-space. Fill with mriembed_kspace_options_init, then change what should differ. */
typedef struct mriembed_kspace_options {
  size_t struct_size;             /**< set by the init function */
  const double* noise_covariance; /**< (coils, coils) complex, real and imaginary interleaved, row-major; NULL: none */
  int64_t readout_width;          /**< x is cropped to this many pixels in the image; 0: no readout oversampling */
  int64_t phase_height;           /**< y is cropped to this many pixels in the image; 0: no phase oversampling */
  double pixel_aspect;            /**< height of a pixel over its width, see embedder.hpp; 1: square */
} mriembed_kspace_options;

/** A loaded model; the caller owns it from mriembed_load to mriembed_destroy. */
typedef struct mriembed_embedder mriembed_embedder;

/** Sets the defaults. */
MRIEMBED_EXPORT void mriembed_options_init(mriembed_options* options);
/** Sets the defaults. */
MRIEMBED_EXPORT void mriembed_kspace_options_init(mriembed_kspace_options* options);

/** The library's version, for instance "0.1.0"; lives as long as the library. */
MRIEMBED_EXPORT const char* mriembed_version(void);

/** Loads a model file. `options` and `error` may be NULL. On failure, `*embedder` is set to NULL. */
MRIEMBED_EXPORT mriembed_status mriembed_load(const char* path, const mriembed_options* options,
                                              mriembed_embedder** embedder, mriembed_error* error);
/** As mriembed_load, for `size` bytes of a model file, which are read during the call only; error messages call it
 * `name`. */
MRIEMBED_EXPORT mriembed_status mriembed_load_bytes(const void* bytes, size_t size, const char* name,
                                                    const mriembed_options* options, mriembed_embedder** embedder,
                                                    mriembed_error* error);
/** Whether the loaded model file has a seal, 1 or 0; without allow_unsealed it always has. 0 for NULL. */
MRIEMBED_EXPORT int mriembed_is_sealed(const mriembed_embedder* embedder);
/** Releases a loaded model. NULL is allowed. */
MRIEMBED_EXPORT void mriembed_destroy(mriembed_embedder* embedder);

/** Length of an embedding; 0 for NULL. */
MRIEMBED_EXPORT int64_t mriembed_embed_dim(const mriembed_embedder* embedder);
/** Channels of network input; 0 for NULL. */
MRIEMBED_EXPORT int64_t mriembed_in_channels(const mriembed_embedder* embedder);
/** Virtual coils; 0 for NULL. */
MRIEMBED_EXPORT int64_t mriembed_num_coils(const mriembed_embedder* embedder);

/** One-time work for network input of this shape, see mriembed::Embedder::warm_up. */
MRIEMBED_EXPORT mriembed_status mriembed_warm_up(const mriembed_embedder* embedder, int64_t slices, int64_t height,
                                                 int64_t width, mriembed_error* error);

/** As mriembed_warm_up, for k-space of this shape (slices, coils, y, x). `options` may be NULL; the noise covariance in
 * it does not matter. */
MRIEMBED_EXPORT mriembed_status mriembed_warm_up_kspace(const mriembed_embedder* embedder, const int64_t shape[4],
                                                        const mriembed_kspace_options* options, mriembed_error* error);

/** Embeds network input (slices, in_channels, y, x). */
MRIEMBED_EXPORT mriembed_status mriembed_embed(const mriembed_embedder* embedder, const float* network_input,
                                               const int64_t shape[4], const int64_t strides[4], float* embeddings,
                                               mriembed_error* error);
/** Embeds complex coil images (slices, coils, y, x). */
MRIEMBED_EXPORT mriembed_status mriembed_embed_images(const mriembed_embedder* embedder, const float* coil_images,
                                                      const int64_t shape[4], const int64_t strides[4],
                                                      float* embeddings, mriembed_error* error);
/** Embeds k-space (slices, coils, y, x); `options` may be NULL. */
MRIEMBED_EXPORT mriembed_status mriembed_embed_kspace(const mriembed_embedder* embedder, const float* kspace,
                                                      const int64_t shape[4], const int64_t strides[4],
                                                      const mriembed_kspace_options* options, float* embeddings,
                                                      mriembed_error* error);

#ifdef __cplusplus
}
#endif

#endif
