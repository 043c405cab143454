#ifndef ArSSRSafetensors_h
#define ArSSRSafetensors_h

#include "ArSSRAtomicFile.h"
#include "ArSSRByteFile.h"
#include "ArSSRTensorFile.h"

namespace itk::arssr
{
/** Reads a safetensors file: the header's size (uint64), the header (JSON), the tensors' elements without gaps, all
 * little-endian. (github.com/huggingface/safetensors, "Format".) The tensors come in the header's order. */
TensorFile
ReadSafetensors(ByteFile & file);

/** Writes a safetensors file. Header and data have the tensors in the order given, except that in the data larger
 * elements go before smaller ones, so that each tensor lies at a multiple of its element size, which other readers
 * need.
 */
void
WriteSafetensors(AtomicFile & target, const TensorFile & file);
} // namespace itk::arssr

#endif
