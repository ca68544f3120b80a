"""Seals and signatures of model files: written here, checked by libmriembed.

cpp/src/model_file/seal.hpp has the format.

The seal is text in the ZIP archive's comment, which `torch.jit.load` skips: a line naming the format, a line for each
signature, and the SHA-256 of every byte of the file before that last line. It finds damage. A signature (Ed25519,
RFC 8032) also says who vouches for the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mriembed import _core
from mriembed.atomic_file import write_atomically
from mriembed.errors import InvalidArgumentError, ModelFileError
from mriembed.output_file import check_output_file
from mriembed.torch_version import require_torch_of_build

_HEAD = b"mriembed-seal 1\n"
_END_RECORD = 22  # bytes at the end of a ZIP archive without a comment (APPNOTE 4.3.16), the last two its length
_MOST_SIGNATURES = 64


@dataclass(frozen=True)
class Signature:
    """One line of a seal: the public key and its signature, in lower-case hexadecimal digits."""

    key: str
    value: str


def seal(archive: bytes, signatures: Iterable[Signature] = ()) -> bytes:
    """The bytes of a sealed model file, from those of a TorchScript archive.

    Raises:
        ModelFileError: the bytes do not end as a ZIP archive without a comment does.
    """
    if archive[-_END_RECORD:][:4] != b"PK\5\6" or archive[-2:] != b"\0\0":
        raise ModelFileError("no archive without a comment, which could be sealed")
    lines = _HEAD + b"".join(f"ed25519 {one.key} {one.value}\n".encode() for one in signatures)
    length = len(lines) + len("sha256 ") + 64 + 1
    content = archive[:-2] + length.to_bytes(2, "little") + lines
    return content + f"sha256 {hashlib.sha256(content).hexdigest()}\n".encode()


def make_key_pair(path: str | Path) -> str:
    """Makes a key: the private half in `path`, readable by its owner only, the public half in `path` + ".pub".

    Both are PEM (PKCS #8 without a passphrase, and SubjectPublicKeyInfo), as OpenSSL reads and writes them.

    Returns:
        The public key as 64 hexadecimal digits.

    Raises:
        InvalidArgumentError: one of the two files exists, or their folder does not.
        OSError: a file cannot be written.
    """
    private_path = Path(path)
    public_path = private_path.with_name(private_path.name + ".pub")
    for file in (private_path, public_path):
        check_output_file(file)
        if file.exists():
            raise InvalidArgumentError(f"{file}: the file exists; a key is never overwritten, name another")
    key = Ed25519PrivateKey.generate()
    private_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public_pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_atomically(private_path, private_pem, private=True)
    try:
        write_atomically(public_path, public_pem)
    except BaseException:
        private_path.unlink()  # half of a pair is of no use, and keeps its name from another try
        raise
    return _public_digits(key)


def sign_model_file(
    path: str | Path,
    key: str | Path,
    *,
    output: str | Path | None = None,
    allow_unsealed: bool = False,
    overwrite: bool = False,
) -> str:
    """Adds a signature to a model file; an older one by the same key is replaced, those of others are kept.

    Args:
        path: the model file. It passes every check of loading first: nobody signs what cannot be loaded.
        key: the private key, as `make_key_pair` writes it.
        output: the file to write; None replaces `path`, atomically.
        allow_unsealed: also sign (and seal) a TorchScript file that has no seal.
        overwrite: replace an `output` that exists.

    Returns:
        The public key as 64 hexadecimal digits.

    Raises:
        ModelFileError: the model file cannot be loaded.
        InvalidArgumentError: the key cannot be read or is of another kind; the file has too many signatures; `output`
            exists, is the key, or lies in a folder that does not exist.
        OSError: the file cannot be written. What was there stays as it is.
    """
    target = Path(path if output is None else output)
    if output is not None:
        is_model = target.exists() and Path(path).exists() and target.samefile(path)
        check_output_file(target, inputs=[Path(key)], overwrite=overwrite or is_model)
    private_key = _read_private_key(Path(key))
    require_torch_of_build()
    checked = _core.read_checked_model_file(str(path), [], allow_unsealed)
    archive, signatures = _split(checked)
    message = b"mriembed model file 1\n" + hashlib.sha256(archive).digest()
    digits = _public_digits(private_key)
    kept = [signature for signature in signatures if signature.key != digits]
    if len(kept) >= _MOST_SIGNATURES:
        raise InvalidArgumentError(f"{path}: the file has {len(kept)} signatures already, more are not kept")
    write_atomically(target, seal(archive, [*kept, Signature(digits, private_key.sign(message).hex())]))
    return digits


def _split(checked: bytes) -> tuple[bytes, list[Signature]]:
    """The archive as it was before it was sealed, and the signatures, of a file whose seal (if any) was checked."""
    start = checked.rfind(b"PK\5\6")
    tail = checked[start + _END_RECORD :]
    archive = checked[: start + _END_RECORD - 2] + b"\0\0"
    lines = (line.split() for line in tail.decode("ascii").splitlines() if line.startswith("ed25519 "))
    return archive, [Signature(key, value) for _, key, value in lines]


def _read_private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise InvalidArgumentError(f"{path}: the private key cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidArgumentError(
            f"{path}: this is not an Ed25519 private key in PEM form without a passphrase; `mriembed keygen` makes one"
        )
    return key


def _public_digits(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()
