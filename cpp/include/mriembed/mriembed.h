/* The C interface of libmriembed: the same operations as embedder.hpp for C and for languages that call C.
 *
 * Every function that can fail returns a status and, where a pointer to a mriembed_error is passed, writes the status
 * and one line of plain text there. No exception leaves these functions and they keep no state outside the embedder.
 * Shapes, units and thread safety are those of embedder.hpp: an embedder may be used by many threads at once. */
#ifndef MRIEMBED_MRIEMBED_H
#define MRIEMBED_MRIEMBED_H

#include <stddef.h>
#include <stdint.h>

#include "mriembed/export.h"
#include "mriembed/version.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mriembed_status {
  MRIEMBED_OK = 0,
  MRIEMBED_INTERNAL = 1,             /* a defect of the library or its run-time */
  MRIEMBED_INVALID_ARGUMENT = 2,     /* shapes, options or pointers that cannot be right */
  MRIEMBED_BAD_MODEL_FILE = 3,       /* unreadable, damaged, foreign or of an unknown version */
  MRIEMBED_BAD_INPUT = 4,            /* samples that cannot be embedded: all zero, NaN, infinite */
  MRIEMBED_DEVICE_NOT_AVAILABLE = 5, /* the device or precision does not exist on this machine */
  MRIEMBED_OUT_OF_MEMORY = 6         /* fewer slices a call, or a smaller memory_mib, need less */
} mriembed_status;

typedef struct mriembed_error {
  mriembed_status code;
  int64_t slice;      /* the slice of the call that is at fault, from 0; -1 where it is not one slice's fault */
  char message[1024]; /* ends with a zero byte; longer messages are cut */
} mriembed_error;

typedef enum mriembed_precision {
  MRIEMBED_FLOAT32 = 0,
  MRIEMBED_BFLOAT16 = 1, /* on a CPU at most: float32 where that is faster */
  MRIEMBED_FLOAT16 = 2   /* needs a GPU */
} mriembed_precision;

/* A host's own threads, see parallel_for.hpp: calls task(work, 0) to task(work, tasks - 1), each once, in any threads,
 * and returns when all have returned. `context` is options.parallel_for_context. No exception may leave it.
 * mriembed_load calls it, too. */
typedef void (*mriembed_task)(void* work, int64_t task);
typedef void (*mriembed_parallel_for)(void* context, int64_t tasks, mriembed_task task, void* work);

/* As mriembed::Backend in embedder.hpp. */
typedef enum mriembed_backend { MRIEMBED_AUTOMATIC = 0, MRIEMBED_NATIVE = 1, MRIEMBED_TORCH = 2 } mriembed_backend;

/* Fill with mriembed_options_init, then change what should differ. */
typedef struct mriembed_options {
  size_t struct_size;                 /* set by the init function; lets later versions add members */
  const char* device;                 /* "cpu", "cuda" or "cuda:N"; only read while it loads */
  mriembed_precision precision;       /* of the network */
  int threads;                        /* most CPU threads of one call, see embedder.hpp; 0: one for each processor */
  int64_t memory_mib;                 /* for the slices that one call has in work at once, see embedder.hpp; 1024 */
  const char* const* trusted_keys;    /* files of public keys, see model_file.hpp; only read while it loads */
  size_t trusted_key_count;           /* 0: no signature is asked for */
  int allow_unsealed;                 /* not 0: also load a TorchScript file without a seal */
  mriembed_parallel_for parallel_for; /* NULL: the library's pool of threads */
  void* parallel_for_context;         /* handed to parallel_for; must live as long as the embedder */
  mriembed_backend backend;           /* what runs the network */
} mriembed_options;

/* Fill with mriembed_kspace_options_init, then change what should differ. */
typedef struct mriembed_kspace_options {
  size_t struct_size;             /* set by the init function */
  const double* noise_covariance; /* (coils, coils) complex, real and imaginary interleaved, row-major; NULL: none */
  int64_t readout_width;          /* pixels that x is cropped to in the image; 0: no readout oversampling */
  int64_t phase_height;           /* pixels that y is cropped to in the image; 0: no phase oversampling */
  double pixel_aspect;            /* height of a pixel over its width, see embedder.hpp; 1: square */
} mriembed_kspace_options;

typedef struct mriembed_embedder mriembed_embedder; /* owned by the caller, from mriembed_load to mriembed_destroy */

MRIEMBED_EXPORT void mriembed_options_init(mriembed_options* options);
MRIEMBED_EXPORT void mriembed_kspace_options_init(mriembed_kspace_options* options);

/* The library's version, for instance "0.1.0"; lives as long as the library. */
MRIEMBED_EXPORT const char* mriembed_version(void);

/* Loads a model file. `options` and `error` may be NULL. On failure *embedder is set to NULL. */
MRIEMBED_EXPORT mriembed_status mriembed_load(const char* path, const mriembed_options* options,
                                              mriembed_embedder** embedder, mriembed_error* error);
/* The same of `size` bytes of a model file, which are only read during the call; messages call it `name`. */
MRIEMBED_EXPORT mriembed_status mriembed_load_bytes(const void* bytes, size_t size, const char* name,
                                                    const mriembed_options* options, mriembed_embedder** embedder,
                                                    mriembed_error* error);
/* Whether the loaded model file bears a seal, 1 or 0; it always does unless allow_unsealed was set. 0 for NULL. */
MRIEMBED_EXPORT int mriembed_is_sealed(const mriembed_embedder* embedder);
/* NULL is allowed. */
MRIEMBED_EXPORT void mriembed_destroy(mriembed_embedder* embedder);

/* Sizes of the loaded model; 0 for NULL. */
MRIEMBED_EXPORT int64_t mriembed_embed_dim(const mriembed_embedder* embedder);
MRIEMBED_EXPORT int64_t mriembed_in_channels(const mriembed_embedder* embedder);
MRIEMBED_EXPORT int64_t mriembed_num_coils(const mriembed_embedder* embedder);

/* One-time work for stacked input of this shape, see Embedder::warm_up. */
MRIEMBED_EXPORT mriembed_status mriembed_warm_up(const mriembed_embedder* embedder, int64_t slices, int64_t height,
                                                 int64_t width, mriembed_error* error);

/* The same for k-space of this shape (slices, coils, y, x), see Embedder::warm_up_kspace; `options` may be NULL, its
 * noise covariance does not matter. */
MRIEMBED_EXPORT mriembed_status mriembed_warm_up_kspace(const mriembed_embedder* embedder, const int64_t shape[4],
                                                        const mriembed_kspace_options* options, mriembed_error* error);

/* The three following read caller-owned samples and write (shape[0], embed_dim) floats, row after row, to caller-owned
 * `embeddings`; nothing is written on failure. `strides` counts elements (complex ones where samples are complex, which
 * are pairs real, imaginary); NULL means row-major. `error` may be NULL. */

/* Stacked channels (slices, in_channels, H, W). */
MRIEMBED_EXPORT mriembed_status mriembed_embed(const mriembed_embedder* embedder, const float* stacked,
                                               const int64_t shape[4], const int64_t strides[4], float* embeddings,
                                               mriembed_error* error);
/* Complex coil images (slices, coils, y, x). */
MRIEMBED_EXPORT mriembed_status mriembed_embed_images(const mriembed_embedder* embedder, const float* coil_images,
                                                      const int64_t shape[4], const int64_t strides[4],
                                                      float* embeddings, mriembed_error* error);
/* k-space (slices, coils, y, x); `options` may be NULL. */
MRIEMBED_EXPORT mriembed_status mriembed_embed_kspace(const mriembed_embedder* embedder, const float* kspace,
                                                      const int64_t shape[4], const int64_t strides[4],
                                                      const mriembed_kspace_options* options, float* embeddings,
                                                      mriembed_error* error);

#ifdef __cplusplus
}
#endif

#endif
