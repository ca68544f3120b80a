"""The compiled binding (cpp/bindings). Use `mriembed.Embedder` and `mriembed.quality`, which check their arguments."""

import numpy as np
from numpy.typing import NDArray

class KindOfPair:
    name: str
    deciles: list[float]
    below_threshold: float

class Distances:
    kinds: list[KindOfPair]
    threshold: float
    source: str

class ModelInfo:
    format_version: int
    model_class: str
    arguments: str
    in_channels: int
    num_coils: int
    embed_dim: int
    parameters: int
    preprocessing_version: int
    coil_compression: str
    matrix: int
    mriembed_version: str
    torch_version: str
    python_version: str
    created: str
    source_revision: str
    weights_source: str
    weights_sha256: str
    distances: Distances
    sealed: bool
    signers: list[str]

def read_model_info(path: str, trusted_keys: list[str], allow_unsealed: bool) -> ModelInfo: ...
def read_checked_model_file(path: str, trusted_keys: list[str], allow_unsealed: bool) -> bytes: ...

class CoilQuality:
    noise: float
    noise_is_estimated: bool
    signal: float
    signal_share: float
    snr: float
    correlation: float
    correlated_with: int
    clipped: int
    is_zero: bool
    echo_contrast: float
    scan_noise: float

class Spike:
    y: int
    x: int
    level: float
    share: float

class SliceQuality:
    lines: int
    measured_lines: int
    spike: Spike
    echo_y: int
    echo_x: int
    lines_are_judged: bool
    ghost_is_judged: bool
    ghost_phase: float
    motion_level: float
    motion_line: int
    zero_readouts: int
    zero_readouts_coil: int
    residual_spike: Spike
    echo_contrast: float
    signal_change: float
    signal_change_coil: int
    coil_change_is_judged: bool
    coil_change: float
    coil_change_coil: int
    coil_change_line: int
    lost_lines: int

class Interference:
    level: float
    frequency: float
    coil: int

class ScanQualityFigures:
    coils: list[CoilQuality]
    slices: list[SliceQuality]
    interference: Interference
    correlation_samples: int

class Finding:
    fault: str
    coil: int
    slice: int
    value: float
    limit: float
    severity: float

class QualityLimits:
    high_noise: float
    low_noise: float
    low_snr: float
    correlation: float
    clipped: float
    interference: float
    spike: float
    ghost_phase: float
    motion_level: float
    zero_readouts: float
    residual_spike: float
    noise_increase: float
    noise_decrease: float
    array_noise_increase: float
    array_noise_decrease: float
    no_signal: float
    signal_change: float
    coil_change: float
    scan_noise: float
    lost_lines: float
    echo: float

class ScanQuality:
    def __init__(self, coils: int) -> None: ...
    def set_noise(self, covariance: NDArray[np.complex128], samples: int) -> None: ...
    def add_slice(self, kspace: NDArray[np.complex64]) -> None: ...
    def figures(self) -> ScanQualityFigures: ...
    def findings(
        self,
        limits: QualityLimits,
        of_coils: list[QualityLimits],
        reference: list[float],
        reference_is_estimated: bool,
    ) -> list[Finding]: ...

class Embedder:
    def __init__(
        self,
        path: str,
        bytes: bytes | None,
        device: str,
        precision: str,
        threads: int,
        backend: str,
        memory_mib: int,
        trusted_keys: list[str],
        allow_unsealed: bool,
    ) -> None: ...
    @property
    def info(self) -> ModelInfo: ...
    @property
    def backend(self) -> str: ...
    @property
    def compute_dtype(self) -> str: ...
    def warm_up(self, slices: int, height: int, width: int) -> None: ...
    def warm_up_kspace(self, shape: tuple[int, int, int, int], readout_width: int, phase_height: int) -> None: ...
    def embed(self, network_input: NDArray[np.float32]) -> NDArray[np.float32]: ...
    def embed_images(self, coil_images: NDArray[np.complex64]) -> NDArray[np.float32]: ...
    def embed_kspace(
        self,
        kspace: NDArray[np.complex64],
        noise_covariance: NDArray[np.complex128] | None,
        readout_width: int,
        phase_height: int,
        pixel_aspect: float,
    ) -> NDArray[np.float32]: ...
    def verify(self) -> tuple[bool, float, float, bool]: ...
