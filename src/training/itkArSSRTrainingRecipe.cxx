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
#include "itkArSSRTrainingRecipe.h"

#include "platform/ArSSRNumberText.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

namespace itk
{
namespace
{
/** How a value's text is read. Texts are the only form in which values are kept, so that a recipe, a checkpoint and a
 * model's metadata hold the same; Normalize() makes equal values equal texts. */
enum class Kind
{
  Number,
  Integer,
  List,
  Scales,
  Choice
};

/** Upper limit of values that have none; no number that is parsed is infinite. */
constexpr double Unlimited = std::numeric_limits<double>::infinity();

struct Entry
{
  const char * name;
  Kind         kind;
  double       minimum; // of a number, an integer or the numbers of a list
  double       maximum;
  const char * choices; // of a choice, separated by |
  const char * standard;
  const char * published;
  const char * description;
};

/** Choices of a value that is on or off. */
constexpr const char * Flag = "on|off";

/** All values. One that is added later must not change what the recipes `default` and `published` train, and must be
 * off in `default`: a checkpoint from before is taken to have the default. */
const std::vector<Entry> &
GetEntries()
{
  // clang-format off
  static const std::vector<Entry> entries = {
    { "recipe", Kind::Choice, 0, 0, "default|published|scanners", "default", "published",
      "Name of the recipe that the values were taken from." },

    { "encoder", Kind::Choice, 0, 0, "RDN|ResCNN|SRResnet|Residual", "Residual", "RDN",
      "Convolutional network that makes the features." },
    { "channels", Kind::Integer, 1, 4096, "", "48", "64", "Channels of the residual encoder; 64 in the others." },
    { "blocks", Kind::Integer, 0, 64, "", "6", "0", "Residual blocks of the residual encoder." },
    { "feature_dim", Kind::Integer, 1, 4096, "", "64", "128", "Channels of the feature map." },
    { "depth", Kind::Integer, 2, 64, "", "4", "8", "Layers of the perceptron." },
    { "width", Kind::Integer, 1, 4096, "", "64", "256", "Channels of the perceptron's hidden layers." },
    { "interpolation_skip", Kind::Choice, 0, 0, "none|linear|cubic", "cubic", "none",
      "Interpolation that the output is added to." },
    { "coordinates", Kind::Choice, 0, 0, "image|local", "local", "image", "What the perceptron is told of positions." },
    { "feature_padding", Kind::Choice, 0, 0, "zeros|border", "border", "zeros", "Features outside the LR image." },
    { "perceptron", Kind::Choice, 0, 0, "two-stage|plain", "plain", "two-stage", "Kind of the perceptron." },

    { "degradation", Kind::Choice, 0, 0, "slice-profile|cubic", "slice-profile", "cubic",
      "How LR patches are made: seen under point spreads, or by cubic B-spline zoom." },
    { "scale_min", Kind::Number, 1, 64, "", "1.5", "2", "Smallest scale, LR spacing / HR spacing." },
    { "scale_max", Kind::Number, 1, 64, "", "4.2", "4", "Largest scale." },
    { "scale_step", Kind::Number, 0, 64, "", "0", "0.1", "Step of scales from scale_min on; 0: any scale between." },
    { "anisotropic_probability", Kind::Number, 0, 1, "", "0.4", "0",
      "Share of samples with a scale of its own for each axis; half of these are thick slices." },
    { "slice_scale_max", Kind::Number, 1, 64, "", "6", "1",
      "Largest scale across thick slices; their other two axes keep the HR spacing." },
    { "gaussian_share", Kind::Number, 0, 1, "", "1", "1",
      "Weight of Gaussians among the point spreads that are drawn, beside box_share and sinc_share." },
    { "gaussian_width_min", Kind::Number, 0.1, 10, "", "1", "1", "Smallest FWHM of a Gaussian, in LR spacings." },
    { "gaussian_width_max", Kind::Number, 0.1, 10, "", "1", "1", "Largest." },
    { "box_share", Kind::Number, 0, 1, "", "0", "0", "Weight of boxes." },
    { "box_width_min", Kind::Number, 0.1, 10, "", "1", "1", "Smallest width of a box, in LR spacings." },
    { "box_width_max", Kind::Number, 0.1, 10, "", "1", "1", "Largest." },
    { "slice_thickness_min", Kind::Number, 0.1, 10, "", "1", "1",
      "Smallest width of a Gaussian or box across thick slices, in slice distances: below 1 there are gaps." },
    { "slice_thickness_max", Kind::Number, 0.1, 10, "", "1", "1", "Largest: above 1 slices overlap." },
    { "sinc_share", Kind::Number, 0, 1, "", "0", "0", "Weight of sincs: k-space sampled up to the LR grid's Nyquist frequency." },
    { "apodized_probability", Kind::Number, 0, 1, "", "0", "0",
      "Share of sincs with a Tukey window of a random taper, up to Hann's." },
    { "alike_probability", Kind::Number, 0, 1, "", "1", "1",
      "Share of samples with one point spread along all axes, in LR spacings; the others draw one for each." },
    { "zero_filled_probability", Kind::Number, 0, 1, "", "0", "0",
      "Share of samples that the scanner interpolated along two axes: a sinc wider than the LR spacing." },
    { "zero_filled_max", Kind::Number, 1, 8, "", "2", "2", "Largest width of that sinc, in LR spacings." },
    { "patch_size", Kind::Integer, 2, 256, "", "12", "10", "LR voxels of a patch along each axis." },
    { "patch_margin", Kind::Number, 0, 64, "", "0", "0", "LR voxels at a patch's faces where no coordinates are drawn." },
    { "samples", Kind::Integer, 1, 1 << 24, "", "3000", "8000", "Coordinates drawn in each patch." },
    { "foreground_bias", Kind::Number, 0, 1, "", "0.9", "0",
      "Share of patches that must hold foreground in at least a quarter of their voxels." },
    { "foreground_threshold", Kind::Number, 0, 1, "", "0.05", "0.05", "Intensity, of 1, above which a voxel is foreground." },
    { "flip", Kind::Choice, 0, 0, Flag, "on", "off", "Whether axes are turned round at random." },
    { "permute", Kind::Choice, 0, 0, Flag, "on", "off", "Whether axes are exchanged at random." },
    { "gain_min", Kind::Number, 0.01, 100, "", "0.5", "1", "Smallest factor that intensities are multiplied by." },
    { "gain_max", Kind::Number, 0.01, 100, "", "1.1", "1", "Largest factor." },
    { "gamma_max", Kind::Number, 1, 10, "", "1.3", "1",
      "Intensities are raised to a power between 1 / gamma_max and gamma_max; 1: not." },
    { "contrast_probability", Kind::Number, 0, 1, "", "0", "0",
      "Share of samples with a random smooth curve instead of the power: tissues change places in brightness." },
    { "noise_probability", Kind::Number, 0, 1, "", "0.2", "0", "Share of LR patches that noise is added to." },
    { "noise_max", Kind::Number, 0, 1, "", "0.02", "0",
      "Largest standard deviation of that noise, of 1; along an axis with a sinc it has the spectrum of the window." },
    { "noise_rician_share", Kind::Number, 0, 1, "", "0", "0", "Share of noisy patches with Rician noise; Gaussian in the others." },
    { "resolution_levels", Kind::List, 1, 16, "", "1,1.5,2", "1",
      "Training images are used at these multiples of their spacing as well: averages have no detail at their own." },
    { "resolution_spread", Kind::Choice, 0, 0, "gaussian|sinc", "gaussian", "gaussian",
      "Point spread of images at multiples of their spacing: Gaussian, or sinc with a Tukey window of a taper of 0.5." },
    { "synthetic_volumes", Kind::Integer, 0, 1 << 16, "", "48", "0",
      "Volumes of random contrast that are made of label maps, if any are given." },
    { "synthetic_size", Kind::Integer, 16, 1024, "", "128", "128",
      "Voxels of such a volume along each axis, at most." },
    { "synthetic_probability", Kind::Number, 0, 1, "", "0.2", "0", "Share of samples that come from them." },
    { "procedural_volumes", Kind::Integer, 0, 1 << 16, "", "24", "0",
      "Volumes that the generator adds: random smooth label maps with random contrast." },
    { "procedural_size", Kind::Integer, 16, 1024, "", "96", "96", "Voxels of such a volume along each axis." },
    { "procedural_probability", Kind::Number, 0, 1, "", "0.15", "0", "Share of samples that come from them." },

    { "batch", Kind::Integer, 1, 1 << 16, "", "6", "15", "Samples of a step, over all processes." },
    { "epochs", Kind::Integer, 1, 1 << 30, "", "100", "2500", "Epochs of the whole training." },
    { "steps_per_epoch", Kind::Integer, 0, 1 << 30, "", "100", "0",
      "Steps of an epoch; 0: as many as it takes to see a crop of every part of the training images once." },
    { "loss", Kind::Choice, 0, 0, "l1|l2|charbonnier|psnr", "l1", "l1",
      "Mean of |error|, error² or sqrt(error² + 1e-6); or of log(mean error² + 1e-4) over samples, as hard ones outweigh others." },
    { "learning_rate", Kind::Number, 1e-12, 10, "", "0.001", "0.0001", "Of Adam." },
    { "beta1", Kind::Number, 0, 0.999999, "", "0.9", "0.9", "Decay of Adam's first moment." },
    { "beta2", Kind::Number, 0, 0.999999, "", "0.99", "0.999", "Decay of Adam's second moment." },
    { "weight_decay", Kind::Number, 0, 1, "", "0", "0", "Of Adam." },
    { "schedule", Kind::Choice, 0, 0, "cosine|step", "cosine", "step",
      "Learning rate over time: a half cosine over all steps, or halved every halve_every epochs." },
    { "halve_every", Kind::Integer, 1, 1 << 30, "", "200", "200", "Epochs between halvings." },
    { "warmup_steps", Kind::Integer, 0, 1 << 30, "", "100", "0", "Steps over which the learning rate rises from 0." },
    { "final_learning_rate", Kind::Number, 0, 1, "", "0.01", "0", "Least of the cosine, as a share of learning_rate." },
    { "gradient_clip", Kind::Number, 0, Unlimited, "", "1", "0", "Largest norm of the gradient; 0: not clipped." },
    { "ema_decay", Kind::Number, 0, 0.999999, "", "0.998", "0",
      "Decay of the moving average of the weights, which is what is validated and kept; 0: the weights themselves." },
    { "autocast", Kind::Choice, 0, 0, "none|bfloat16", "bfloat16", "none",
      "Precision of convolutions and matrix products while training on a GPU." },
    { "dead_output_guard", Kind::Choice, 0, 0, Flag, "on", "off",
      "Whether a last ReLU that gives nothing but zeros is revived." },
    // Up to 2^53 - 1: values are read as doubles, which hold all whole numbers up to there.
    { "seed", Kind::Integer, 0, 9007199254740991.0, "", "0", "0", "Of all random numbers." },

    { "validation_every", Kind::Integer, 1, 1 << 30, "", "1", "1", "Epochs between validations." },
    { "validation_samples", Kind::Integer, 1, 1 << 16, "", "8", "8",
      "Patches of each validation image and scale, the same every time." },
    { "validation_scales", Kind::Scales, 1, 64, "", "2,3,4", "2,3,4",
      "Scales that are validated." },
    { "validation_noise", Kind::List, 0, 1, "", "0", "0",
      "Standard deviations of the noise in validation patches, of 1, one after the other." },
    { "checkpoint_every", Kind::Integer, 1, 1 << 30, "", "10", "10", "Epochs between checkpoints." },
    { "checkpoints_kept", Kind::Integer, 1, 1 << 16, "", "3", "3", "Latest checkpoints that are kept, beside the best." },
    { "prefetch_threads", Kind::Integer, 0, 256, "", "1", "1",
      "Threads that prepare samples while the network trains; 0: the training thread does. Samples do not depend on it." },
  };
  // clang-format on
  return entries;
}

/** Values of the recipe `scanners` that differ from `default`. */
const std::map<std::string, const char *> &
GetScannersValues()
{
  static const std::map<std::string, const char *> values = {
    { "recipe", "scanners" },
    { "gaussian_share", "0.4" },
    { "gaussian_width_min", "0.5" },
    { "gaussian_width_max", "1.25" },
    { "box_share", "0.3" },
    { "box_width_min", "0.65" },
    { "box_width_max", "1.2" },
    { "slice_thickness_min", "0.6" },
    { "slice_thickness_max", "1.5" },
    { "sinc_share", "0.3" },
    { "apodized_probability", "0.5" },
    { "alike_probability", "0.6" },
    { "zero_filled_probability", "0.12" },
    { "patch_size", "18" },
    { "samples", "8000" },
    { "gain_min", "0.6" },
    { "gain_max", "1.3" },
    { "gamma_max", "1.5" },
    { "contrast_probability", "0.25" },
    { "noise_probability", "0.7" },
    { "noise_max", "0.06" },
    { "noise_rician_share", "0.75" },
    { "resolution_spread", "sinc" },
    { "procedural_probability", "0.08" },
    { "synthetic_probability", "0.17" },
    { "batch", "4" },
    { "epochs", "160" },
    { "loss", "psnr" },
    { "ema_decay", "0.999" },
    { "validation_samples", "9" },
    { "validation_noise", "0,0.02,0.05" },
    { "checkpoint_every", "5" },
  };
  return values;
}

const Entry &
FindEntry(const std::string & name)
{
  const auto & entries = GetEntries();
  const auto   found =
    std::find_if(entries.begin(), entries.end(), [&name](const Entry & entry) { return name == entry.name; });
  if (found == entries.end())
  {
    std::string names;
    for (const Entry & entry : entries)
    {
      names += (names.empty() ? "" : ", ") + std::string(entry.name);
    }
    itkGenericExceptionMacro("A training recipe has no value '" << name << "'; it has " << names << '.');
  }
  return *found;
}

std::string
DescribeLimits(const Entry & entry)
{
  if (entry.kind == Kind::Choice)
  {
    std::string text = "one of " + std::string(entry.choices);
    std::replace(text.begin(), text.end(), '|', ' ');
    return text;
  }
  std::string text = entry.kind == Kind::Integer  ? "an integer"
                     : entry.kind == Kind::List   ? "a list of numbers"
                     : entry.kind == Kind::Scales ? "a list of scales such as 2,3.5,1x1x4, with numbers"
                                                  : "a number";
  text += " from " + arssr::FormatNumber(entry.minimum);
  return entry.maximum < Unlimited ? text + " to " + arssr::FormatNumber(entry.maximum) : text + " up";
}

[[noreturn]] void
Refuse(const Entry & entry, const std::string & value)
{
  itkGenericExceptionMacro("The training recipe's " << entry.name << " is '" << value << "'; expected "
                                                    << DescribeLimits(entry) << ". " << entry.description);
}

double
ParseEntry(const Entry & entry, const std::string & text)
{
  // Comparisons are written so that NaN fails them.
  const std::optional<double> value = arssr::ParseNumber(text);
  if (!value || !(*value >= entry.minimum) || !(*value <= entry.maximum) ||
      (entry.kind == Kind::Integer && *value != std::floor(*value)))
  {
    Refuse(entry, text);
  }
  return *value;
}

/** The scales of a list with commas between. As on the command line, three numbers with a 1 among them are one scale
 * for x, y and z. */
std::vector<ArSSRTrainingRecipe::ScaleType>
ParseScales(const Entry & entry, const std::string & text)
{
  std::vector<std::string> items = arssr::Split(text, ',');
  // A scale of 1 along all axes is not worth a validation, so a 1 in a list of three is that of an axis.
  if (items.size() == 3 &&
      std::any_of(items.begin(), items.end(), [](const std::string & item) { return arssr::ParseNumber(item) == 1.0; }))
  {
    items = { items[0] + 'x' + items[1] + 'x' + items[2] };
  }
  std::vector<ArSSRTrainingRecipe::ScaleType> scales;
  for (const std::string & item : items)
  {
    const std::vector<std::string> numbers = arssr::Split(item, 'x');
    if (numbers.size() != 1 && numbers.size() != 3)
    {
      Refuse(entry, text);
    }
    ArSSRTrainingRecipe::ScaleType scale;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      // One number stands for all axes.
      scale[axis] = ParseEntry(entry, numbers[numbers.size() == 3 ? axis : 0]);
    }
    scales.push_back(scale);
  }
  if (scales.empty())
  {
    Refuse(entry, text);
  }
  return scales;
}

std::string
FormatScale(const ArSSRTrainingRecipe::ScaleType & scale)
{
  // The short form where axes are alike, so that 3x3x3 and 3 are one text.
  const std::string x = arssr::FormatNumber(scale[0]);
  return scale[0] == scale[1] && scale[1] == scale[2]
           ? x
           : x + 'x' + arssr::FormatNumber(scale[1]) + 'x' + arssr::FormatNumber(scale[2]);
}

/** The value in its canonical text. */
std::string
Normalize(const Entry & entry, const std::string & value)
{
  if (entry.kind == Kind::Choice)
  {
    // Exact: a choice has one spelling, but for those of a flag.
    const std::vector<std::string> choices = arssr::Split(entry.choices, '|');
    std::string                    chosen = value;
    if (std::string(entry.choices) == Flag) // the words of configuration files
    {
      chosen = value == "true" || value == "True" || value == "1"     ? "on"
               : value == "false" || value == "False" || value == "0" ? "off"
                                                                      : value;
    }
    if (std::find(choices.begin(), choices.end(), chosen) == choices.end())
    {
      Refuse(entry, value);
    }
    return chosen;
  }
  if (entry.kind == Kind::List)
  {
    std::string list;
    for (const std::string & item : arssr::Split(value, ','))
    {
      list += (list.empty() ? "" : ",") + arssr::FormatNumber(ParseEntry(entry, item));
    }
    if (list.empty())
    {
      Refuse(entry, value);
    }
    return list;
  }
  if (entry.kind == Kind::Scales)
  {
    std::string list;
    for (const ArSSRTrainingRecipe::ScaleType & scale : ParseScales(entry, value))
    {
      list += (list.empty() ? "" : ",") + FormatScale(scale);
    }
    return list;
  }
  return arssr::FormatNumber(ParseEntry(entry, value));
}
} // namespace

ArSSRTrainingRecipe::ArSSRTrainingRecipe()
  : ArSSRTrainingRecipe("default")
{}

ArSSRTrainingRecipe::ArSSRTrainingRecipe(const std::string & recipeName)
{
  const std::string name = Normalize(FindEntry("recipe"), recipeName);
  for (const Entry & entry : GetEntries())
  {
    // Through Normalize(), as a table entry need not be in canonical form.
    m_Values[entry.name] = Normalize(entry, name == "published" ? entry.published : entry.standard);
  }
  // Differences from `default` alone, so that what is added to the table needs no third column.
  if (name == "scanners")
  {
    for (const auto & value : GetScannersValues())
    {
      this->Set(value.first, value.second);
    }
  }
}

std::vector<std::string>
ArSSRTrainingRecipe::GetNames()
{
  std::vector<std::string> names;
  for (const Entry & entry : GetEntries())
  {
    names.emplace_back(entry.name);
  }
  return names;
}

std::string
ArSSRTrainingRecipe::GetDescription(const std::string & name)
{
  const Entry & entry = FindEntry(name);
  return std::string(entry.description) + " Expected: " + DescribeLimits(entry) + '.';
}

void
ArSSRTrainingRecipe::Set(const std::string & name, const std::string & value)
{
  m_Values[name] = Normalize(FindEntry(name), value);
}

void
ArSSRTrainingRecipe::SetNumber(const std::string & name, double value)
{
  this->Set(name, arssr::FormatNumber(value));
}

std::string
ArSSRTrainingRecipe::Get(const std::string & name) const
{
  return m_Values.at(FindEntry(name).name);
}

double
ArSSRTrainingRecipe::GetNumber(const std::string & name) const
{
  return ParseEntry(FindEntry(name), this->Get(name));
}

std::vector<double>
ArSSRTrainingRecipe::GetNumbers(const std::string & name) const
{
  const Entry &       entry = FindEntry(name);
  std::vector<double> numbers;
  for (const std::string & item : arssr::Split(this->Get(name), ','))
  {
    numbers.push_back(ParseEntry(entry, item));
  }
  return numbers;
}

std::vector<ArSSRTrainingRecipe::ScaleType>
ArSSRTrainingRecipe::GetScales(const std::string & name) const
{
  return ParseScales(FindEntry(name), this->Get(name));
}

void
ArSSRTrainingRecipe::Verify() const
{
  // Each value is within its own limits already; these are relations between values, which Set() cannot check, as
  // values are set one after the other.
  const auto verifyOrder = [this](const char * low, const char * high) {
    if (this->GetNumber(low) > this->GetNumber(high))
    {
      itkGenericExceptionMacro("The training recipe's " << low << " is " << this->Get(low) << ", above its " << high
                                                        << ", which is " << this->Get(high) << '.');
    }
  };
  verifyOrder("scale_min", "scale_max");
  verifyOrder("gain_min", "gain_max");
  verifyOrder("gaussian_width_min", "gaussian_width_max");
  verifyOrder("box_width_min", "box_width_max");
  verifyOrder("slice_thickness_min", "slice_thickness_max");
  if (this->GetNumber("gaussian_share") + this->GetNumber("box_share") + this->GetNumber("sinc_share") <= 0.0)
  {
    itkGenericExceptionMacro("The training recipe's gaussian_share, box_share and sinc_share are all 0; at least one "
                             "must be above 0, as no point spread can be drawn.");
  }
  if (2.0 * this->GetNumber("patch_margin") >= this->GetNumber("patch_size"))
  {
    itkGenericExceptionMacro("The training recipe's patch_margin is "
                             << this->Get("patch_margin") << " LR voxels at each face of a patch of "
                             << this->Get("patch_size") << ", which leaves no room to draw coordinates in.");
  }
}
} // end namespace itk
