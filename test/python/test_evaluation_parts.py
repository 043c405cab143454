"""Parts of the evaluation: confidence intervals, the true images, extreme slices, options."""

import math

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, assert_same_grid, make_image, pixels
from itk_arssr.common.errors import UserError
from itk_arssr.common.options import PerAxis
from itk_arssr.evaluation.confidence import mean_of
from itk_arssr.evaluation.extreme_slices import ExtremeSlices, Restored
from itk_arssr.evaluation.metrics import Quality
from itk_arssr.evaluation.results import Case, Results, gain_of_errors, unique_names
from itk_arssr.evaluation.settings import (
    Condition,
    Degradation,
    Evaluation,
    parse_crop,
    parse_percentages,
    parse_profiles,
    parse_scales,
)
from itk_arssr.evaluation.truth import low_resolution, read_truth
from itk_arssr.images.resample import grid_of, image_on, scaled
from itk_arssr.images.sources import Source
from scipy import ndimage

# --- confidence intervals


def test_the_interval_matches_a_calculation_by_hand():
    # Deviations -1.5, -0.5, 0.5, 1.5: variance 5/3, standard error sqrt(5/12), t(3) = 3.182446.
    mean = mean_of([1.0, 2.0, 3.0, 4.0])
    assert mean.value == 2.5
    assert mean.half_width == pytest.approx(3.182446 * math.sqrt(5 / 12), abs=1e-6)
    assert mean.count == 4


def test_the_interval_of_two_values_is_that_of_cauchys_distribution():
    # Student's with one degree of freedom: t = tan(0.45 π) for 90 %; the standard error of 0 and 2 is 1.
    mean = mean_of([0.0, 2.0], confidence=0.9)
    assert mean.half_width == pytest.approx(math.tan(0.45 * math.pi), rel=1e-9)


@pytest.mark.parametrize("values", [[3.0], [3.0, math.inf]])
def test_one_value_or_an_infinite_one_has_no_interval(values):
    mean = mean_of(values)
    assert mean.value == values[-1]
    assert mean.half_width is None


# --- gains


def test_gains_are_paired():
    condition = Condition(PerAxis((2, 2, 2)))
    qualities = [
        {
            "linear": Quality(20, 0.5),
            "B-spline": Quality(21, 0.6),
            "B-spline + BP": Quality(22, 0.7),
            "m": Quality(23, 0.8),
        },
        {
            "linear": Quality(30, 0.6),
            "B-spline": Quality(31, 0.7),
            "B-spline + BP": Quality(32, 0.8),
            "m": Quality(34, 0.9),
        },
    ]
    results = Results([Case(name, condition, quality) for name, quality in zip("ab", qualities, strict=True)])
    gain = results.mean_gain(condition, "psnr", "m", "B-spline + BP")
    assert gain.value == pytest.approx(1.5)
    assert gain.half_width == pytest.approx(12.7062 * 0.5, abs=1e-3)  # t(1), standard error of 1 and 2
    assert results.mean_gain(condition, "ssim", "m", "linear").value == pytest.approx(0.3)
    assert results.methods(condition) == ["linear", "B-spline", "B-spline + BP", "m"]
    assert results.models(condition) == ["m"]
    assert results.gains_over_best(condition, "m") == [1, 2]


def test_a_perfect_result_gains_infinitely_over_others_and_nothing_over_perfect_ones():
    condition = Condition(PerAxis((2, 2, 2)))
    case = Case("a", condition, {"m": Quality(math.inf, 1), "n": Quality(math.inf, 1), "o": Quality(30, 0.9)})
    assert case.gain("psnr", "m", "n") == 0
    assert case.gain("psnr", "m", "o") == math.inf
    assert gain_of_errors(0.0, 0.0) == 0
    assert gain_of_errors(0.0, 1.0) == math.inf
    assert gain_of_errors(1.0, 0.0) == -math.inf
    assert gain_of_errors(0.01, 0.1) == pytest.approx(10)


def test_equal_names_are_numbered():
    assert unique_names(["a", "b", "a"]) == ["a (1)", "b", "a (2)"]


# --- options


def test_scales_are_numbers_or_one_for_each_axis():
    assert parse_scales("2, 2.5,1x1X4,1×2×3") == (
        PerAxis((2, 2, 2)),
        PerAxis((2.5, 2.5, 2.5)),
        PerAxis((1, 1, 4)),
        PerAxis((1, 2, 3)),
    )


def test_a_matrix_has_every_scale_under_every_profile_and_noise():
    evaluation = Evaluation(parse_scales("2;1,1,4"), parse_profiles("gaussian,sinc"), (0.0, 2.0), (0.0, 25.0))
    assert [str(condition) for condition in evaluation.conditions] == [
        "2",
        "2, 2 % noise",
        "2 sinc",
        "2 sinc, 2 % noise",
        "1×1×4",
        "1×1×4, 2 % noise",
        "1×1×4, 25 % gap",
        "1×1×4, 25 % gap, 2 % noise",
        "1×1×4 sinc",
        "1×1×4 sinc, 2 % noise",
    ]


def test_a_condition_says_how_a_scan_is_taken():
    thick = PerAxis((1, 1, 4))
    assert Condition(thick).acquisition((1, 1, 0.5)).ToText() == "gaussian"
    assert Condition(thick, "box", 2, 25).acquisition((1, 1, 0.5)).ToText() == "xy=box,z=box:1.5,noise=0.02:rician"
    assert Condition(thick, "z=box:3,xy=sinc").acquisition((1, 1, 0.5)).ToText() == "xy=sinc,z=box:3"


def test_profiles_are_point_spreads_or_acquisitions():
    assert parse_profiles("gaussian, box,sinc:hann") == ("gaussian", "box", "sinc:hann")
    assert parse_profiles("sinc;z=box:4,xy=sinc") == ("sinc", "z=box:4,xy=sinc")
    assert parse_profiles("z=box:4,xy=sinc") == ("z=box:4,xy=sinc",)
    for text in ("bax", "box,box", "", "z=box,noise=4"):
        with pytest.raises(ValueError, match=r"point spread|twice|acquisition|--noise"):
            parse_profiles(text)
    assert parse_percentages("0,2.5,5%") == (0, 2.5, 5)
    for text in ("", "-1", "100", "2,2", "a", "nan"):
        with pytest.raises(ValueError, match="percentage"):
            parse_percentages(text)


@pytest.mark.parametrize("text", ["", "2,", "2:3", "2x2", "1x1x1x4", "nan", "inf", "-2", "0", "1", "0.5x2x2", "2,2"])
def test_bad_lists_of_scales_are_refused(text):
    with pytest.raises(ValueError, match="scale"):
        parse_scales(text)


def test_a_part_has_a_first_and_an_end_index_for_each_axis():
    crop = parse_crop("50:122,:7,30:")
    assert crop.region((176, 188, 144)) == ([50, 0, 30], [72, 7, 114])
    assert str(crop) == "50:122,:7,30:"
    for size in ((121, 188, 144), (176, 6, 144), (176, 188, 30)):
        with pytest.raises(UserError, match="is not within"):
            crop.region(size)


@pytest.mark.parametrize("text", ["", "1:2", "1:2,3:4", "1:2,3:4,5:6,7:8", "1:2,3:4,5", "a:b,c:d,e:f", "-1:4,0:4,0:4"])
def test_bad_parts_are_refused(text):
    with pytest.raises(ValueError, match="first:end"):
        parse_crop(text)


# --- true and low-resolution images


def test_a_part_of_the_truth_stays_where_it_is_in_space(write):
    image = make_image(size=(12, 13, 14), spacing=(1, 0.8, 2), origin=(10, 20, 30), direction=OBLIQUE)
    path = write("scan.mha", image)
    truth = read_truth(Source(path), parse_crop("2:9,1:11,3:14")).image
    assert_same_grid(truth, (7, 10, 11), (1, 0.8, 2), image.TransformIndexToPhysicalPoint([2, 1, 3]), OBLIQUE)
    whole = pixels(read_truth(Source(path), None).image)
    np.testing.assert_array_equal(pixels(truth), whole[3:14, 1:11, 2:9])


def test_intensities_are_brought_to_a_common_range(write):
    values = np.linspace(-500, 1000, 20**3).reshape(20, 20, 20).astype(np.float32)
    values[0, 0, 0] = 5000
    truth = pixels(read_truth(Source(write("scan.mha", itk.image_from_array(values))), None).image)
    lower = values.min()
    white = np.sort(values[values > lower])[-8]  # 7 of 7999 are above the 99.9th percentile
    assert truth.min() == 0
    assert truth.max() == np.float32(1.2)
    np.testing.assert_allclose(truth[1:], (values[1:] - lower) / (white - lower), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("pixel_type", [itk.F, itk.SS, itk.D])
def test_intensities_are_those_of_training_to_the_last_bit(pixel_type, write, tmp_path):
    """As scaled by the trainer's own code, for whole images and parts alike."""
    image = make_image(size=(21, 22, 23), pixel_type=pixel_type, seed=4)
    itk.array_view_from_image(image)[...] *= 7
    itk.array_view_from_image(image)[3, 4, 5:9] = -300, 4000, 30000, 5000
    path = write("scan.mha", image)
    trained = itk.cast_image_filter(image, ttype=(type(image), itk.Image[itk.F, 3]))
    trained = itk.image_from_array(pixels(trained))
    assert itk.ArSSRTrainingIntensities.ScaleImage(trained)
    np.testing.assert_array_equal(pixels(read_truth(Source(path), None).image), pixels(trained))
    part = read_truth(Source(path), parse_crop("2:20,3:21,1:19")).image
    np.testing.assert_array_equal(pixels(part), pixels(trained)[1:19, 3:21, 2:20])


@pytest.mark.parametrize("factor", [2, 2.5, 3])
def test_the_published_degradation_is_that_of_scipys_zoom(factor):
    image = make_image(size=(30, 25, 20))
    low = pixels(low_resolution(image, Condition(PerAxis((factor,) * 3)), Degradation.CUBIC))
    zoom = [new / old for new, old in zip(low.shape, (20, 25, 30), strict=True)]
    expected = ndimage.zoom(pixels(image).astype(np.float64), zoom, order=3, mode="mirror", grid_mode=True)
    assert low.shape == expected.shape
    np.testing.assert_allclose(low, expected, atol=1e-4)


# --- extreme slices


def test_the_best_and_the_worst_slice_are_found():
    random = np.random.default_rng(2)
    size = (16, 18, 20)
    truth = make_image(size=size, spacing=(1, 1, 0.5))  # the finest axis, z, is the normal
    itk.array_view_from_image(truth)[...] /= 200
    noise = random.normal(0, 0.05, size[::-1]).astype(np.float32)

    def wrong(share):
        return image_on(grid_of(truth), pixels(truth) + noise * share[:, None, None])

    rival, model = np.ones(20, np.float32), np.ones(20, np.float32)
    model[7], model[12] = 0.5, 2.0
    model[1], model[19] = 0.01, 100  # within the border: not counted
    rival[4] = model[4] = 0.001
    model[4] = 1e-6  # next to nothing in it: not counted
    low = image_on(scaled(grid_of(truth), (0.5, 0.5, 0.5)), pixels(truth)[::2, ::2, ::2])
    extremes = ExtremeSlices(border=2)
    restored = Restored("scan ×2", "model + BP", truth, low, wrong(rival), wrong(model), (100, 100, 100))
    extremes.look_at(restored)
    assert extremes.best.gain == pytest.approx(20 * math.log10(2), abs=1e-3)
    assert extremes.worst.gain == pytest.approx(-20 * math.log10(2), abs=1e-3)
    assert extremes.best.title == "scan ×2, slice z = 107: +6.02 dB over B-spline + BP"
    assert extremes.worst.title == "scan ×2, slice z = 112: -6.02 dB over B-spline + BP"
    np.testing.assert_array_equal(pixels(extremes.best.truth), pixels(truth)[7:8])
    assert [panel.title for panel in extremes.best.panels] == ["LR", "B-spline + BP", "model + BP"]
    np.testing.assert_array_equal(pixels(extremes.best.panels[0].image), pixels(low)[3:4])
    np.testing.assert_array_equal(pixels(extremes.best.panels[2].image), pixels(restored.image)[7:8])


def test_later_results_replace_extremes_only_where_they_are_more_extreme(tmp_path):
    truth = make_image(size=(16, 16, 16))
    low = image_on(scaled(grid_of(truth), (0.5, 0.5, 0.5)), pixels(truth)[::2, ::2, ::2])
    extremes = ExtremeSlices(border=0)

    def look_at(name, error):
        image = image_on(grid_of(truth), pixels(truth) + np.float32(error))
        rival = image_on(grid_of(truth), pixels(truth) + np.float32(1))
        extremes.look_at(Restored(name, "model", truth, low, rival, image))

    for name, error in (("first", 0.9), ("better", 0.5), ("worse", 1.5), ("between", 1.2)):
        look_at(name, error)
    assert extremes.best.title.startswith("better,")
    assert extremes.worst.title.startswith("worse,")
    assert [path.name for path in extremes.draw(tmp_path)] == ["worst.png", "best.png"]
    assert all((tmp_path / name).stat().st_size > 10_000 for name in ("worst.png", "best.png"))


def test_perfect_rivals_leave_no_slice_to_show(tmp_path):
    truth = make_image(size=(16, 16, 16))
    low = image_on(scaled(grid_of(truth), (0.5, 0.5, 0.5)), pixels(truth)[::2, ::2, ::2])
    extremes = ExtremeSlices(border=0)
    extremes.look_at(Restored("scan", "model", truth, low, truth, truth))
    assert extremes.draw(tmp_path) == []
