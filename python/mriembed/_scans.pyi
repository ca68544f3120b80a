"""The compiled scan readers (cpp/bindings/scans.cpp). Use `mriembed.scans`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriembed._core import Finding, ScanQualityFigures

class Checked:
    measurement: int
    noise_is_measured: bool
    channels: list[int]
    channel_names: list[str]
    dead_channels: list[int]
    figures: ScanQualityFigures
    findings: list[Finding]
    lines: list[str]
    not_judged: str

class Scan:
    def __init__(
        self, path: str, scan_reader: str, images: bool, group: str, noise: str, allow_undersampled: bool = False
    ) -> None: ...
    @property
    def domain(self) -> str: ...
    @property
    def slices(self) -> int: ...
    @property
    def warnings(self) -> list[str]: ...
    @property
    def readout_width(self) -> int: ...
    @property
    def phase_height(self) -> int: ...
    @property
    def pixel_aspect(self) -> float: ...
    @property
    def noise_covariance(self) -> NDArray[np.complex128] | None: ...
    def read(self, index: int) -> NDArray[Any]: ...
    def check(self, limits: str) -> list[Checked]: ...
