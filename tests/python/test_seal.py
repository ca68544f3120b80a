import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

import mriembed
from model_archives import resealed, unsealed
from mriembed import Embedder, InvalidArgumentError, ModelFileError, make_key_pair, read_description, sign_model_file
from mriembed.seal import seal
from program import PROGRAM


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "model.pt"
    mriembed.export_model(path, num_coils=1, embed_dim=4, widths=(16, 16, 16, 16))
    return path


@pytest.fixture
def model(small_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(small_model, tmp_path / "model.pt"))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    make_key_pair(tmp_path / "site")
    return tmp_path / "site"


def public(key: Path) -> Path:
    return key.with_name(key.name + ".pub")


def refusal(path: Path, *keys: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        Embedder.load(path, trusted_keys=keys)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_last_line_is_the_sha256_of_every_byte_before_it(model: Path) -> None:
    data = model.read_bytes()
    digest = hashlib.sha256(data[:-72]).hexdigest()
    assert data.endswith(f"mriembed-seal 1\nsha256 {digest}\n".encode())
    assert read_description(model).sealed


def test_plain_torch_opens_a_sealed_and_signed_file(model: Path, key: Path) -> None:
    x = torch.randn(1, 2, 16, 16)
    before = torch.jit.load(model)(x)
    sign_model_file(model, key)
    assert torch.equal(torch.jit.load(model)(x), before)
    assert torch.equal(mriembed.load_scripted(model, trusted_keys=[public(key)])(x), before)


def test_every_flipped_bit_and_every_truncation_is_refused(small_model: Path, tmp_path: Path) -> None:
    """2,000 bits and 200 lengths, evenly over a model file, and all bits of the seal itself."""
    whole = small_model.read_bytes()
    path = tmp_path / "damaged.pt"
    bits = len(whole) * 8
    flips = [step * bits // 2000 + step % 8 for step in range(2000)]
    flips += range(bits - 8 * (22 + 16 + 72), bits)
    lengths = [step * len(whole) // 200 for step in range(200)]
    accepted = []
    for what in [f"bit {bit}" for bit in flips] + [f"{length} bytes" for length in lengths]:
        number = int(what.replace("bit ", "").replace(" bytes", ""))
        damaged = bytearray(whole if what.startswith("bit") else whole[:number])
        if what.startswith("bit"):
            damaged[number // 8] ^= 1 << number % 8
        path.write_bytes(damaged)
        try:
            Embedder.load(path)
        except ModelFileError:
            continue
        accepted.append(what)
    assert accepted == []


@pytest.mark.parametrize("damage", ["bit", "seal", "truncated", "appended", "empty seal"])
def test_the_command_line_refuses_a_damaged_file_with_exit_code_3(
    model: Path, tmp_path: Path, phantom: Path, damage: str
) -> None:
    whole = model.read_bytes()
    changed = {
        "bit": whole[:5000] + bytes([whole[5000] ^ 4]) + whole[5001:],
        "seal": whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:],
        "truncated": whole[:-1],
        "appended": whole + b"\n",
        "empty seal": whole[:-72],
    }[damage]
    model.write_bytes(changed)
    for arguments in (["info"], ["verify"], ["bench"], ["embed", str(phantom), "-o", str(tmp_path / "rows.npy")]):
        command: list[str | Path] = [PROGRAM, arguments[0], str(model), *arguments[1:]]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 3
        assert result.stderr.count("\n") == 1
        assert f"{model}: " in result.stderr
        # Nor does a damaged seal pass for a missing one.
        result = subprocess.run([*command, "--allow-unsealed"], capture_output=True, text=True, check=False)
        assert result.returncode == 3
    assert not (tmp_path / "rows.npy").exists()


def test_a_file_without_a_seal_is_loaded_only_when_asked_for_and_with_a_warning(model: Path, tmp_path: Path) -> None:
    plain = unsealed(model, tmp_path / "plain.pt")
    assert "has no intact seal at its end" in refusal(plain)
    with pytest.raises(ModelFileError, match="has no intact seal at its end"):
        read_description(plain)
    with pytest.warns(mriembed.UnsealedModelWarning, match=r"plain\.pt: loaded without a seal"):
        assert not Embedder.load(plain, allow_unsealed=True).info.sealed
    result = subprocess.run([PROGRAM, "verify", plain, "--allow-unsealed"], capture_output=True, text=True, check=True)
    assert result.stderr == (
        f"mriembed_cli: warning: {plain}: not sealed, loaded because of --allow-unsealed; "
        "damage in it may go unnoticed\n"
    )


def test_an_unknown_version_of_the_seal_is_refused_by_name(model: Path) -> None:
    content = model.read_bytes()[:-72].replace(b"mriembed-seal 1\n", b"mriembed-seal 2\n")
    model.write_bytes(content + f"sha256 {hashlib.sha256(content).hexdigest()}\n".encode())
    assert "its seal has version 2; this mriembed" in refusal(model)


def test_a_seal_over_a_comment_of_another_length_is_refused(model: Path) -> None:
    content = bytearray(model.read_bytes()[:-72])
    content[content.rindex(b"PK\5\6") + 20] ^= 1
    model.write_bytes(bytes(content) + f"sha256 {hashlib.sha256(content).hexdigest()}\n".encode())
    assert "its seal is not one that mriembed writes" in refusal(model)


def test_a_key_pair_is_pem_and_the_private_half_only_its_owner_may_read(tmp_path: Path) -> None:
    digits = make_key_pair(tmp_path / "site")
    loaded = serialization.load_pem_public_key((tmp_path / "site.pub").read_bytes())
    assert isinstance(loaded, Ed25519PublicKey)
    assert loaded.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex() == digits
    assert (tmp_path / "site").stat().st_mode & 0o777 == 0o600
    with pytest.raises(InvalidArgumentError, match="never overwritten"):
        make_key_pair(tmp_path / "site")


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_half_of_a_key_pair_does_not_stay(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def failing(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise failure

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(type(failure)):
        make_key_pair(tmp_path / "site")
    assert len(synced) == 2
    assert not list(tmp_path.iterdir())


def test_another_file_is_replaced_by_the_signed_one_only_when_asked_for(model: Path, key: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pt"
    other.write_text("precious")
    with pytest.raises(InvalidArgumentError, match=r"other\.pt: the file exists; --force \(overwrite=True\)"):
        sign_model_file(model, key, output=other)
    assert other.read_text() == "precious"
    digits = sign_model_file(model, key, output=other, overwrite=True)
    assert read_description(other).signers == (digits,)


def test_the_model_file_itself_may_be_named_as_the_output(model: Path, key: Path, tmp_path: Path) -> None:
    digits = sign_model_file(model, key, output=tmp_path / ".." / tmp_path.name / model.name)
    assert read_description(model).signers == (digits,)


@pytest.mark.parametrize("overwrite", [True, False])
def test_the_private_key_is_not_replaced_by_a_signed_file(overwrite: bool, model: Path, key: Path) -> None:
    before = key.read_bytes()
    with pytest.raises(InvalidArgumentError, match="writing this would replace the input"):
        sign_model_file(model, key, output=key, overwrite=overwrite)
    assert key.read_bytes() == before


def test_a_signed_file_loads_under_its_key_and_names_it(model: Path, key: Path) -> None:
    digits = sign_model_file(model, key)
    embedder = Embedder.load(model, trusted_keys=[public(key)])
    assert embedder.info.signers == (digits,)
    assert Embedder.load(model).info.signers == (digits,)
    result = subprocess.run(
        [PROGRAM, "verify", model, "--trust", public(key)], capture_output=True, text=True, check=True
    )
    assert digits in result.stdout


def test_the_signature_is_one_of_the_archive_before_it_was_sealed(model: Path, key: Path) -> None:
    archive = model.read_bytes()[: -(16 + 72) - 2] + b"\0\0"
    sign_model_file(model, key)
    (line,) = (line for line in model.read_bytes()[-400:].split(b"\n") if line.startswith(b"ed25519 "))
    _, digits, signature = line.decode().split()
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits)).verify(
        bytes.fromhex(signature), b"mriembed model file 1\n" + hashlib.sha256(archive).digest()
    )


def test_an_unsigned_file_and_a_wrong_key_are_refused_where_trust_is_asked_for(model: Path, key: Path) -> None:
    assert "it is not signed" in refusal(model, public(key))
    other = key.with_name("other")
    digits = make_key_pair(other)
    sign_model_file(model, other)
    assert f"it is signed by {digits}, which is none of the trusted keys" in refusal(model, public(key))
    Embedder.load(model, trusted_keys=[public(key), public(other)])
    for arguments in (["info"], ["verify"], ["bench"], ["embed", "scan.h5", "-o", "rows.npy"]):
        command: list[str | Path] = [PROGRAM, arguments[0], model, *arguments[1:], "--trust", public(key)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 3


def test_signing_again_replaces_the_own_signature_and_keeps_those_of_others(model: Path, key: Path) -> None:
    other = key.with_name("other")
    make_key_pair(other)
    first, second = sign_model_file(model, key), sign_model_file(model, other)
    once = model.read_bytes()
    assert set(read_description(model).signers) == {first, second}
    sign_model_file(model, key)
    assert sorted(read_description(model).signers) == sorted((first, second))
    assert len(model.read_bytes()) == len(once)


def test_a_stripped_signature_is_missed(model: Path, key: Path, tmp_path: Path) -> None:
    sign_model_file(model, key)
    stripped = resealed(model, tmp_path / "stripped.pt")
    Embedder.load(stripped)
    assert "it is not signed" in refusal(stripped, public(key))


def test_a_signature_moved_to_another_file_is_refused(model: Path, key: Path, tmp_path: Path) -> None:
    signed = tmp_path / "signed.pt"
    sign_model_file(model, key, output=signed)
    (line,) = (line for line in signed.read_bytes()[-400:].split(b"\n") if line.startswith(b"ed25519 "))
    mriembed.export_model(tmp_path / "other.pt", num_coils=1, embed_dim=4, widths=(16, 16, 16, 16), seed=5)
    _, digits, value = line.decode().split()
    archive = unsealed(tmp_path / "other.pt", tmp_path / "forged.pt").read_bytes()
    forged = tmp_path / "forged.pt"
    forged.write_bytes(seal(archive, [mriembed.seal.Signature(digits, value)]))
    assert "the signature by key" in refusal(forged)
    assert "the signature by key" in refusal(forged, public(key))


def test_signing_leaves_the_old_file_where_the_new_one_cannot_be_written(
    model: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model.read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        sign_model_file(model, key)
    assert model.read_bytes() == before
    assert not list(model.parent.glob("*.tmp"))


def test_a_damaged_file_is_not_signed(model: Path, key: Path) -> None:
    data = bytearray(model.read_bytes())
    data[100] ^= 1
    model.write_bytes(data)
    with pytest.raises(ModelFileError, match="SHA-256 differs"):
        sign_model_file(model, key)


def test_files_that_are_no_key_are_refused_by_name(model: Path, key: Path, tmp_path: Path) -> None:
    rsa = tmp_path / "rsa"
    rsa_key = generate_private_key(65537, 2048)
    encoding, no_passphrase = serialization.Encoding.PEM, serialization.NoEncryption()
    rsa.write_bytes(rsa_key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_passphrase))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public(rsa).write_bytes(rsa_key.public_key().public_bytes(encoding, form))
    for wrong in (rsa, public(key), tmp_path / "absent", tmp_path):
        with pytest.raises(InvalidArgumentError, match=wrong.name):
            sign_model_file(model, wrong)
    for wrong, reason in (
        (public(rsa), "not an Ed25519 public key"),
        (key, "this is a private key"),
        (tmp_path / "absent", "No such file"),
        (tmp_path, "cannot be read"),
        (model, "not an Ed25519 public key"),
    ):
        with pytest.raises(InvalidArgumentError, match=reason):
            Embedder.load(model, trusted_keys=[wrong])
        result = subprocess.run([PROGRAM, "info", model, "--trust", wrong], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1)
