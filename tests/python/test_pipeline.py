import pytest
import torch

from mriembed import CoilPreprocessor, EmbeddingPipeline, MRIEmbeddingModel


def pipeline_of(num_coils: int = 3) -> EmbeddingPipeline:
    torch.manual_seed(0)
    return EmbeddingPipeline(MRIEmbeddingModel(embed_dim=16), CoilPreprocessor(num_coils)).eval()


def kspace_of(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))


def test_embedding_is_preparing_and_then_the_network() -> None:
    pipeline = pipeline_of()
    kspace, psi = kspace_of(2, 5, 16, 24), torch.eye(5, dtype=torch.complex128)
    network_input = pipeline.preprocess_kspace(kspace, psi, 12)[0]
    assert torch.equal(pipeline.embed_kspace(kspace, psi, 12), pipeline.model(network_input))
    network_input = pipeline.preprocess_images(kspace)[0]
    assert torch.equal(pipeline.embed_images(kspace), pipeline(network_input))


def test_the_stem_fits_the_virtual_coils() -> None:
    assert pipeline_of(5).model.stem.convolution.in_channels == 10
    with pytest.raises(ValueError, match="expected 8 channels"):
        EmbeddingPipeline(MRIEmbeddingModel().materialize(8), CoilPreprocessor(5))


def test_gradients_pass_through_the_preparation() -> None:
    pipeline = pipeline_of()
    kspace = kspace_of(1, 3, 12, 12).requires_grad_()
    pipeline.embed_kspace(kspace)[0, 0].backward()
    assert kspace.grad is not None
    assert bool(torch.isfinite(torch.view_as_real(kspace.grad)).all())


def test_half_precision_of_the_network_leaves_the_preparation_as_it_is() -> None:
    pipeline = pipeline_of()
    kspace = kspace_of(2, 5, 16, 24)
    network_input = pipeline.preprocess_kspace(kspace)[0]
    half = pipeline_of().to(torch.bfloat16)
    assert torch.equal(half.preprocess_kspace(kspace)[0], network_input)
    with torch.no_grad():
        cosine = (half.embed_kspace(kspace) * pipeline.embed_kspace(kspace)).sum(1)
    assert float(cosine.min()) > 0.999


def test_scripting_offers_the_three_ways_in() -> None:
    pipeline = pipeline_of()
    scripted = torch.jit.script(pipeline)
    kspace = kspace_of(2, 5, 16, 24)
    with torch.no_grad():
        assert torch.equal(scripted.embed_kspace(kspace), pipeline.embed_kspace(kspace))
        assert torch.equal(scripted.embed_images(kspace), pipeline.embed_images(kspace))
        network_input = pipeline.preprocess_images(kspace)[0]
        assert torch.equal(scripted(network_input, normalize=False), pipeline(network_input, normalize=False))
