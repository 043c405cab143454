"""A process that was forked, as by multiprocessing's default on Linux, has none of its parent's threads.

What the module computes there ends, and is the same. Each test runs in a program of its own, which is killed if it
does not end.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap

import pytest

PATIENCE = 120  # s, for what takes two

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)

# Code shared by the programs. `answers` gives a function's results in forked children, or the text of its exception.
COMMON = """
import multiprocessing
import os
import sys

import itk
import numpy as np


def answers(work, count=2):
    pool = multiprocessing.get_context("fork").Pool(count)
    try:
        return pool.map_async(caught, [work] * count).get(timeout=60)
    except multiprocessing.TimeoutError:
        return ["no answer"] * count
    finally:
        pool.terminate()


def caught(work):
    try:
        return work()
    except RuntimeError as error:
        return str(error)


def same(left, right):
    return np.array_equal(np.asarray(left), np.asarray(right), equal_nan=True)


VOLUME = np.random.default_rng(0).random((16, 17, 18)).astype(np.float32)


def upscaled():
    return np.array(itk.arbitrary_scale_super_resolution_image_filter(VOLUME, scale_factors=1.5))
"""


def run(program: str, common: str = COMMON) -> None:
    """Run a program, and fail if one of its assertions does."""
    run_arguments("-c", common + textwrap.dedent(program))


def run_arguments(*arguments: str) -> str:
    """Run Python with arguments until it ends well; returns what it printed."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as program:
        try:
            output, errors = program.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)  # its children, too
            pytest.fail(f"no end within {PATIENCE} s: {program.communicate()}")
    assert program.returncode == 0, output + errors
    return output


def test_the_filter_gives_the_same_voxels_in_a_forked_child():
    run("""
        expected = upscaled()
        for answer in answers(upscaled):
            assert same(answer, expected), answer
        for answer in answers(upscaled):  # and once more, after the first ones
            assert same(answer, expected), answer
    """)


def test_a_filter_that_has_run_goes_on_in_a_forked_child():
    run("""
        image = itk.image_from_array(VOLUME)
        sr = itk.ArbitraryScaleSuperResolutionImageFilter[type(image), type(image)].New(image, scale_factors=1.5)
        sr.Update()
        expected = itk.array_from_image(sr.GetOutput())

        def again():
            sr.SetScaleFactors(2)
            sr.Update()
            sr.SetScaleFactors(1.5)
            sr.Update()
            return itk.array_from_image(sr.GetOutput())

        for answer in answers(again):
            assert same(answer, expected), answer
    """)


def test_torchs_own_threads_do_no_harm():
    run("""
        import torch

        torch.set_num_threads(4)
        (torch.ones(1 << 22) * 2).sum()  # torch's threads begin
        torch.ones(500, 500) @ torch.ones(500, 500)
        expected = upscaled()
        for answer in answers(upscaled):
            assert same(answer, expected), answer
    """)


def test_tensors_of_16_bits_have_the_same_result_in_a_forked_child():
    run("""
        import torch

        torch.set_num_threads(4)
        volume = torch.rand(40, 40, 40)  # of more voxels than torch converts on one thread
        volume.to(torch.float16).float()
        for dtype in (torch.float16, torch.bfloat16):
            half = volume.to(dtype)

            def halved():
                result = itk.arbitrary_scale_super_resolution_image_filter(half, scale_factors=1.5)
                assert result.dtype == dtype
                return result.view(torch.int16).numpy()

            expected = halved()
            for answer in answers(halved):
                assert same(answer, expected), answer
    """)


def test_a_child_that_loads_the_module_after_torch_ran_in_its_parent_ends():
    code = """
        import os, sys
        import torch

        torch.set_num_threads(4)
        (torch.ones(1 << 22) * 2).sum()
        torch.ones(500, 500) @ torch.ones(500, 500)
        child = os.fork()
        if child == 0:
            import itk
            import numpy as np

            volume = np.random.default_rng(0).random((16, 17, 18)).astype(np.float32)
            result = itk.arbitrary_scale_super_resolution_image_filter(volume, scale_factors=1.5)
            model = itk.ArSSRModel.New()
            model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_RDN, 128, 8, 256, 1)
            os._exit(0 if np.asarray(result).shape == (24, 26, 27) else 1)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    run(code, common="")


def test_consistency_and_quality_are_the_same_in_a_forked_child():
    run("""
        high = upscaled()

        def consistent():
            return np.array(itk.slice_profile_data_consistency_image_filter(
                high, low_resolution_image=VOLUME, number_of_iterations=3))

        image = itk.image_from_array(high)
        truth = itk.image_from_array(np.ascontiguousarray(high[::-1]))

        def quality():
            calculator = itk.ArSSRImageQualityCalculator[type(image)].New()
            calculator.SetTruth(truth)
            calculator.SetImage(image)
            calculator.Compute()
            return [calculator.GetPeakSignalToNoiseRatio(), calculator.GetStructuralSimilarity()]

        for work in (consistent, quality):
            expected = work()
            for answer in answers(work):
                assert same(answer, expected), answer
    """)


def test_training_in_a_forked_child_gives_the_same_model_or_says_spawn():
    run("""
        image = itk.image_from_array(np.random.default_rng(1).random((30, 30, 30)).astype(np.float32))
        values = {"channels": 8, "blocks": 1, "feature_dim": 8, "depth": 3, "width": 16, "samples": 500,
                  "patch_size": 8, "scale_max": 2, "slice_scale_max": 2, "resolution_levels": 1,
                  "procedural_volumes": 0, "procedural_probability": 0, "steps_per_epoch": 3, "epochs": 1}

        def trained():
            trainer = itk.ArbitraryScaleSuperResolutionTrainingFilter[type(image)].New()
            for name, value in values.items():
                trainer.SetRecipeValue(name, str(value))
            trainer.AddTrainingImage(image, "noise")
            trainer.SetDevice("cpu")
            trainer.SetNumberOfThreads(1)
            trainer.Update()
            result = itk.arbitrary_scale_super_resolution_image_filter(
                VOLUME, model=trainer.GetOutput(), scale_factors=1.5)
            return np.array(result)

        answers_before = answers(trained)  # nothing was trained in the parent yet
        expected = trained()
        for answer in answers_before:
            assert same(answer, expected), answer
        for answer in answers(trained):
            assert "spawn" in answer if isinstance(answer, str) else same(answer, expected), answer
    """)


def test_children_of_a_process_whose_threads_are_at_work_give_the_same_voxels():
    run("""
        import threading

        expected = upscaled()
        stop = threading.Event()

        def work():
            while not stop.is_set():
                upscaled()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            for _ in range(5):
                for answer in answers(upscaled):
                    assert same(answer, expected), answer
        finally:
            stop.set()
            thread.join()
    """)


def test_spawned_children_use_several_threads(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""
            import multiprocessing

            import itk
            import numpy as np
            import torch


            def threads(_):
                image = itk.image_from_array(np.arange(512, dtype=np.float32).reshape(8, 8, 8))
                itk.set_nthreads(3)
                sr = itk.ArbitraryScaleSuperResolutionImageFilter[type(image), type(image)].New(image)
                sr.SetNumberOfWorkUnits(3)
                seen = set()
                sr.AddObserver(itk.ProgressEvent(), lambda: seen.add(torch.get_num_threads()))
                sr.Update()
                return seen


            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map_async(threads, [0]).get(timeout=60))
        """)
    )
    assert "3" in run_arguments(str(program))
