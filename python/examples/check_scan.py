"""Says what is broken in a scan: coils, receivers, interference. No model file is needed.

Usage: `python check_scan.py SCAN`; SCAN: MRD (ISMRMRD), fastMRI, BART or NumPy file of k-space.
Exit code: 10 where there is a finding.
"""

import sys

from mriembed import Error
from mriembed.quality import check_scan


def main(file: str) -> int:
    """Prints a line for each finding; gives the exit code."""
    try:
        measurements = check_scan(file)
    except Error as error:
        print(f"check_scan: {error}", file=sys.stderr)
        return 1
    found = False
    for measurement in measurements:
        for finding in measurement.findings:
            found = True
            where = "all coils" if finding.coil is None else f"coil {finding.coil}"
            print(f"{finding.fault}: {where}: {finding.value:.2f} (limit {finding.limit:.2f})")
    return 10 if found else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: check_scan.py SCAN")
    sys.exit(main(sys.argv[1]))
