from mriembed.evaluation.contrast_trials import contrast_trials
from mriembed.evaluation.methods import Thumbnail
from mriembed.evaluation.registered_thumbnail import RegisteredThumbnail


def test_the_slice_ranks_among_all_others_for_every_change_of_the_sequence() -> None:
    done: list[int] = []
    scores = contrast_trials([Thumbnail(), RegisteredThumbnail()], 6, 0, done.append)
    assert done == [1] * 6
    changes = ["the same sequence", "parameters within 10 %", "parameters within 50 %", "another sequence"]
    assert [(score.method, score.change) for score in scores] == [
        (method, change) for method in (Thumbnail.name, RegisteredThumbnail.name) for change in changes
    ]
    assert all((score.queries, score.gallery) == (24, 24) for score in scores)
    assert all(1 <= score.median_rank <= score.rank_90 <= 24 for score in scores)
    registered = {score.change: score for score in scores if score.method == RegisteredThumbnail.name}
    assert registered["the same sequence"].first > 0.7
    assert registered["another sequence"].first < registered["the same sequence"].first


def test_the_seed_decides() -> None:
    first, again, other = (contrast_trials([Thumbnail()], 2, seed, lambda _: None) for seed in (1, 1, 2))
    assert first == again
    assert first != other
