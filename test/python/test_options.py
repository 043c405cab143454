"""Values of options in their text forms."""

import re

import pytest
from itk_arssr.common.options import PerAxis, parse_per_axis
from itk_arssr.evaluation.settings import parse_scales


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2.5", (2.5, 2.5, 2.5)),
        ("1,1,4", (1, 1, 4)),
        ("1x1x4", (1, 1, 4)),
        ("1X1X4", (1, 1, 4)),
        ("1×1×4", (1, 1, 4)),
        (" 1 , 1 , 4 ", (1, 1, 4)),
        ("1 x 1.5 x 4e0", (1, 1.5, 4)),
    ],
)
def test_numbers_for_each_axis_have_commas_or_crosses_between(text, values):
    assert parse_per_axis(text) == PerAxis(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not a number"),
        ("two", "'two' is not a number"),
        ("1x1,4", "'1x1,4' is not a number"),
        ("1,,4", "'1,,4' is not a number"),
        ("1xx4", "'1xx4' is not a number"),
        ("1x1", "'1x1' has 2 numbers; give one, or three in the order x,y,z such as 1,1,4 or 1x1x4"),
        ("1,1", "'1,1' has 2 numbers; give one, or three in the order x,y,z such as 1,1,4 or 1x1x4"),
        ("1x1x1x4", "has 4 numbers"),
        ("1x0x4", "'1x0x4' must be greater than 0"),
        ("1x-1x4", "must be greater than 0"),
        ("nan", "not finite"),
        ("1xinfx1", "not finite"),
    ],
)
def test_other_texts_are_refused_with_the_same_words(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_per_axis(text)


@pytest.mark.parametrize(
    ("text", "scales"),
    [
        ("2,3,4", [(2,) * 3, (3,) * 3, (4,) * 3]),
        ("2,1x1x4", [(2,) * 3, (1, 1, 4)]),
        ("1,1,4", [(1, 1, 4)]),
        ("1.0, 2, 3", [(1, 2, 3)]),
        ("4,1,1", [(4, 1, 1)]),
        ("2;1,1,4", [(2,) * 3, (1, 1, 4)]),
        ("2,2,4;1x1x5;3", [(2, 2, 4), (1, 1, 5), (3,) * 3]),
        ("2,3,4;", [(2, 3, 4)]),
    ],
)
def test_lists_of_scales_have_one_meaning(text, scales):
    assert parse_scales(text) == tuple(PerAxis(values) for values in scales)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2,2,4", "the scale '2' is given twice; one scale with a number for each of x, y and z is written 2x2x4"),
        ("1,1,4,2", "the scale '1' makes no voxel larger"),
        ("1,1,1", "the scale '1,1,1' makes no voxel larger"),
        ("1x1", "'1x1' is not a scale such as 2.5 or 1x1x4: '1x1' has 2 numbers; give one, or three"),
        ("2;;3", "'' is not a scale"),
    ],
)
def test_lists_with_another_meaning_are_refused(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_scales(text)


@pytest.mark.parametrize("text", ["1,1,2", "1x1x2", "1×1×2"])
def test_both_forms_are_taken_by_upscale(text, arssr, write, tmp_path):
    import itk

    scan = write("scan.mha")
    assert arssr("upscale", scan, tmp_path / "scaled.mha", "--scale", text).exit_code == 0
    assert tuple(itk.size(itk.imread(str(tmp_path / "scaled.mha")))) == (8, 9, 20)
    assert arssr("upscale", scan, tmp_path / "spaced.mha", "--spacing", text).exit_code == 0
    assert tuple(itk.size(itk.imread(str(tmp_path / "spaced.mha")))) == (8, 9, 5)
