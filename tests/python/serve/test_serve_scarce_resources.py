"""A machine that has no descriptors or threads left: the service goes on, and takes scans once there are some again."""

import resource
import time
from pathlib import Path

from mrd_codec import HEADER, text
from scans_of_scanners import COURSES, scan
from service import Row, Service, expect_rows, send_scan

SCAN = scan(COURSES["slices"])


def test_without_descriptors_it_waits_and_does_not_spin(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file) as service:
        expect_rows(send_scan(service, SCAN), rows)
        pid = service.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (service.descriptors() + 2, limits[1]))
        clients = [service.connect() for _ in range(8)]
        service.line("Too many open files")
        before = service.processor_seconds()
        time.sleep(1)
        assert service.processor_seconds() - before < 0.3
        assert len([line for line in service.log if "Too many open files" in line]) == 1
        for client in clients:
            client.hang_up()
        expect_rows(send_scan(service, SCAN), rows)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def test_without_threads_a_connection_is_closed_and_the_others_go_on(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file) as service:
        client = service.connect()
        client.send(text(SCAN.xml, HEADER), SCAN.of_slice(0))
        client.image()
        pid = service.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_AS)
        resource.prlimit(pid, resource.RLIMIT_AS, (service.memory("VmSize") * 1024 + (1 << 20), limits[1]))
        with service.connect() as refused:
            refused.end_of_stream(10)
        service.line("thread|Resource temporarily unavailable|Cannot allocate memory")
        resource.prlimit(pid, resource.RLIMIT_AS, limits)
        expect_rows(send_scan(service, SCAN), rows)
        client.send(SCAN.of_slice(1), SCAN.of_slice(2))
        expect_rows(client.finish(), rows)
