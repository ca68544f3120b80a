from mriembed.simulation.perturbation import SAME_SESSION


def test_levels_grow_harder() -> None:
    easy, medium, hard = (SAME_SESSION[name] for name in ("easy", "medium", "hard"))
    for weaker, stronger in ((easy, medium), (medium, hard)):
        assert stronger.noise > weaker.noise
        assert stronger.undersampling > weaker.undersampling
        assert stronger.shift > weaker.shift
        assert stronger.rotation > weaker.rotation
        assert stronger.fewest_coils < weaker.fewest_coils
