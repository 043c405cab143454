"""Train a model with ITK: python train_itk.py MODEL.safetensors VALIDATION_IMAGE TRAINING_IMAGE…"""

import sys

import itk

target, validation, *training = sys.argv[1:]
image_type = itk.Image[itk.F, 3]


def lazy(name):
    """An image that is read when the trainer needs its voxels."""
    reader = itk.ImageFileReader[image_type].New(FileName=name)
    readers.append(reader)
    return reader.GetOutput()


readers = []
trainer = itk.ArbitraryScaleSuperResolutionTrainingFilter[image_type].New()
for name in training:
    trainer.AddTrainingImage(lazy(name), name)
trainer.AddValidationImage(lazy(validation), validation)
trainer.SetRecipeValue("epochs", "20")
trainer.SetRecipeValue("steps_per_epoch", "50")


def report():
    """Called after each step and each epoch."""
    if trainer.GetEpochEnded():
        print(f"epoch {trainer.GetEpoch()}: {trainer.GetValidationPSNR():.2f} dB")


trainer.AddObserver(itk.IterationEvent(), report)
trainer.Update()
trainer.GetOutput().WriteFile(target)
