/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "training/ArSSRRecipeSettings.h"

#include "platform/ArSSREnumText.h"

namespace itk::arssr
{
namespace
{
/** Taper of Tukey's window for images at multiples of their spacing: half of k-space stays flat, so that edges are
 * sharp, and the rest falls to 0, so that they ring little. */
constexpr double LevelTaper = 0.5;
} // namespace

SampleSettings
ReadSampleSettings(const ArSSRTrainingRecipe & recipe)
{
  // Contradictions between values show here, once, and not as an empty range in the middle of a training.
  recipe.Verify();
  SampleSettings settings;
  settings.cubic = recipe.Get("degradation") == "cubic";
  settings.scaleMin = recipe.GetNumber("scale_min");
  settings.scaleMax = recipe.GetNumber("scale_max");
  settings.scaleStep = recipe.GetNumber("scale_step");
  settings.anisotropicProbability = recipe.GetNumber("anisotropic_probability");
  settings.sliceScaleMax = recipe.GetNumber("slice_scale_max");
  settings.gaussianShare = recipe.GetNumber("gaussian_share");
  settings.gaussianWidthMin = recipe.GetNumber("gaussian_width_min");
  settings.gaussianWidthMax = recipe.GetNumber("gaussian_width_max");
  settings.boxShare = recipe.GetNumber("box_share");
  settings.boxWidthMin = recipe.GetNumber("box_width_min");
  settings.boxWidthMax = recipe.GetNumber("box_width_max");
  settings.sliceThicknessMin = recipe.GetNumber("slice_thickness_min");
  settings.sliceThicknessMax = recipe.GetNumber("slice_thickness_max");
  settings.sincShare = recipe.GetNumber("sinc_share");
  settings.apodizedProbability = recipe.GetNumber("apodized_probability");
  settings.alikeProbability = recipe.GetNumber("alike_probability");
  settings.zeroFilledProbability = recipe.GetNumber("zero_filled_probability");
  settings.zeroFilledMax = recipe.GetNumber("zero_filled_max");
  // Whole numbers are exact in a double, and the recipe has refused fractions: no cast here rounds.
  settings.patchSize = static_cast<std::int64_t>(recipe.GetNumber("patch_size"));
  settings.patchMargin = recipe.GetNumber("patch_margin");
  settings.samples = static_cast<std::uint64_t>(recipe.GetNumber("samples"));
  settings.foregroundBias = recipe.GetNumber("foreground_bias");
  settings.foregroundThreshold = static_cast<float>(recipe.GetNumber("foreground_threshold"));
  settings.flip = recipe.GetFlag("flip");
  settings.permute = recipe.GetFlag("permute");
  settings.gainMin = recipe.GetNumber("gain_min");
  settings.gainMax = recipe.GetNumber("gain_max");
  settings.gammaMax = recipe.GetNumber("gamma_max");
  settings.contrastProbability = recipe.GetNumber("contrast_probability");
  settings.noiseProbability = recipe.GetNumber("noise_probability");
  settings.noiseMax = recipe.GetNumber("noise_max");
  settings.noiseRicianShare = recipe.GetNumber("noise_rician_share");
  // Level 1 always and first: images as they are. Further levels follow below, and a 1 in the list adds nothing.
  settings.resolutionLevels = { 1.0 };
  settings.resolutionSpread = recipe.Get("resolution_spread") == "sinc" ? ArSSRPointSpread::Sinc(1.0, LevelTaper)
                                                                        : ArSSRPointSpread::Gaussian(1.0);
  settings.syntheticVolumes = static_cast<std::size_t>(recipe.GetNumber("synthetic_volumes"));
  settings.syntheticSize = static_cast<std::int64_t>(recipe.GetNumber("synthetic_size"));
  // Volumes that are not there have no share.
  settings.syntheticProbability = settings.syntheticVolumes > 0 ? recipe.GetNumber("synthetic_probability") : 0.0;
  settings.proceduralVolumes = static_cast<std::size_t>(recipe.GetNumber("procedural_volumes"));
  settings.proceduralSize = static_cast<std::int64_t>(recipe.GetNumber("procedural_size"));
  settings.proceduralProbability = settings.proceduralVolumes > 0 ? recipe.GetNumber("procedural_probability") : 0.0;
  settings.batch = static_cast<std::uint64_t>(recipe.GetNumber("batch"));
  settings.stepsPerEpoch = static_cast<std::uint64_t>(recipe.GetNumber("steps_per_epoch"));
  settings.seed = static_cast<std::uint64_t>(recipe.GetNumber("seed"));
  settings.validationSamples = static_cast<std::size_t>(recipe.GetNumber("validation_samples"));
  settings.validationScales = recipe.GetScales("validation_scales");
  settings.validationNoise = recipe.GetNumbers("validation_noise");
  for (const double level : recipe.GetNumbers("resolution_levels"))
  {
    if (level > 1.0)
    {
      settings.resolutionLevels.push_back(level);
    }
  }
  return settings;
}

TrainingSettings
ReadTrainingSettings(const ArSSRTrainingRecipe & recipe)
{
  // As in ReadSampleSettings(), casts do not round.
  const auto count = [&recipe](const char * name) {
    return static_cast<SizeValueType>(recipe.GetNumber(name));
  };
  TrainingSettings settings;
  settings.seed = static_cast<std::uint64_t>(recipe.GetNumber("seed"));
  settings.batch = count("batch");
  settings.validationEvery = count("validation_every");
  settings.checkpointEvery = count("checkpoint_every");
  settings.checkpointsKept = count("checkpoints_kept");
  settings.prefetchThreads = static_cast<unsigned int>(recipe.GetNumber("prefetch_threads"));
  settings.autocast = recipe.Get("autocast") == "bfloat16";
  settings.deadOutputGuard = recipe.GetFlag("dead_output_guard");
  settings.loss = recipe.Get("loss");
  settings.optimizer.learningRate = recipe.GetNumber("learning_rate");
  settings.optimizer.finalShare = recipe.GetNumber("final_learning_rate");
  settings.optimizer.warmupSteps = recipe.GetNumber("warmup_steps");
  // Zero stands for the cosine.
  settings.optimizer.halveEvery = recipe.Get("schedule") == "step" ? count("halve_every") : 0;
  settings.optimizer.epochs = count("epochs");
  settings.optimizer.beta1 = recipe.GetNumber("beta1");
  settings.optimizer.beta2 = recipe.GetNumber("beta2");
  settings.optimizer.weightDecay = recipe.GetNumber("weight_decay");
  settings.optimizer.averageDecay = recipe.GetNumber("ema_decay");
  settings.optimizer.largestNorm = recipe.GetNumber("gradient_clip");
  return settings;
}

Architecture
MakeArchitecture(const ArSSRTrainingRecipe & recipe)
{
  using Enums = ArSSRModelEnums;
  const auto choose = [&recipe](const char * name, const auto & values) {
    return FromText("training recipe's " + std::string(name), recipe.Get(name), values);
  };
  const auto integer = [&recipe](const char * name) {
    return static_cast<std::int64_t>(recipe.GetNumber(name));
  };
  Architecture architecture;
  // FromText() takes the values that a recipe may have; what is added to an enumeration stays unknown to recipes until
  // it is listed here.
  architecture.encoder =
    choose("encoder",
           std::vector<Enums::Encoder>{
             Enums::Encoder::RDN, Enums::Encoder::ResCNN, Enums::Encoder::SRResnet, Enums::Encoder::Residual });
  // The published encoders have fixed channels and blocks.
  if (architecture.encoder == Enums::Encoder::Residual)
  {
    architecture.channels = integer("channels");
    architecture.blocks = integer("blocks");
  }
  architecture.featureDimension = integer("feature_dim");
  architecture.depth = integer("depth");
  architecture.width = integer("width");
  architecture.skip = choose("interpolation_skip",
                             std::vector<Enums::Skip>{ Enums::Skip::None, Enums::Skip::Linear, Enums::Skip::Cubic });
  architecture.coordinates =
    choose("coordinates", std::vector<Enums::Coordinates>{ Enums::Coordinates::Image, Enums::Coordinates::Local });
  architecture.padding =
    choose("feature_padding", std::vector<Enums::Padding>{ Enums::Padding::Zeros, Enums::Padding::Border });
  architecture.perceptron =
    choose("perceptron", std::vector<Enums::Perceptron>{ Enums::Perceptron::TwoStage, Enums::Perceptron::Plain });
  return architecture;
}
} // namespace itk::arssr
