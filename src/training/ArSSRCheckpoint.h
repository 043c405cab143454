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
#ifndef ArSSRCheckpoint_h
#define ArSSRCheckpoint_h

#include "itkArSSRTrainer.h"

#include "model/ArSSRTensorFile.h"

#include <map>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief All that a training needs to continue as if it had never stopped.
 *
 * Random numbers need no state: those of a sample follow from the seed and the sample's number.
 */
struct Checkpoint
{
  std::string                        run;         /**< identity of the training, the same from start to end */
  SizeValueType                      serial{ 0 }; /**< checkpoints that the training wrote before it */
  std::map<std::string, std::string> recipe;
  std::vector<std::string>           images; /**< training, then validation: name and size of each */
  ArSSRTrainingStatus                status; /**< epochs and steps done, validation, revivals; the rest is not kept */
  SizeValueType                      stepsOfEpoch{ 0 };  /**< of an unfinished epoch */
  double                             lossOfEpoch{ 0.0 }; /**< sum over those steps */
  std::vector<NamedTensor>           tensors;            /**< the optimiser's state, and `best.*` */
};

/** A random identity for a new training: 32 hexadecimal digits. */
std::string
MakeRunIdentity();

/** \brief The checkpoints of one training in a directory: `checkpoint-<step>.safetensors`.
 *
 * A directory belongs to one training. The latest checkpoint is the one that was written last, whatever its step: a
 * training that was resumed from an earlier step writes lower ones.
 */
class CheckpointDirectory
{
public:
  /** Makes the directory if it is not there.
   * \param run identity of the training, which Write() gives its checkpoints.
   * \throws ExceptionObject when it cannot be made, and when it holds checkpoints of another training. */
  CheckpointDirectory(std::string path, SizeValueType numberKept, std::string run);

  /** Writes a checkpoint, complete or not at all, with the training's identity and a serial number above those that are
   * there, and then removes this training's oldest beyond the number that is kept. What other
   * trainings wrote is never replaced or removed. \throws ExceptionObject when it cannot be written. */
  void
  Write(Checkpoint checkpoint) const;

private:
  std::string   m_Path;
  SizeValueType m_NumberKept;
  std::string   m_Run;
};

/** \param path a checkpoint, or a directory, of which the one written last that can be read is taken.
 * \throws ExceptionObject when there is none, and when the directory holds those of several trainings. */
Checkpoint
ReadCheckpoint(const std::string & path);
} // namespace itk::arssr

#endif
