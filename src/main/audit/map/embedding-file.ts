import { StudioError } from '#shared/errors.ts';
import { float32Of } from '../../interchange/half-precision.ts';
import { openSafetensorsFile } from '../../interchange/safetensors.ts';
import type { EmbeddingRows } from './project.ts';

/** A round's file of embeddings, read by rows; close it afterwards. */
export interface EmbeddingFile extends EmbeddingRows {
  /** [count] images of the catalog. */
  readIds(): Promise<Float64Array>;
  close(): Promise<void>;
}

/**
 * Opens `embeddings.safetensors` of a round: `ids`, int64 [N], and `embeddings`, floats [N×D].
 * @throws StudioError as `openSafetensorsFile`; 'corrupt' for a file of something else.
 */
export async function openEmbeddings(path: string): Promise<EmbeddingFile> {
  const file = await openSafetensorsFile(path);
  try {
    const idEntry = file.entries.find(({ name }) => name === 'ids');
    const entry = file.entries.find(({ name }) => name === 'embeddings');
    const [count, size] = entry?.shape ?? [];
    if (entry === undefined || idEntry?.dtype !== 'I64' || count === undefined || !size || idEntry.shape[0] !== count) {
      throw new StudioError('corrupt', `${path} holds no embeddings of a round.`, { hint: 'Label the source again.' });
    }
    return {
      count,
      size,
      readIds: async () => Float64Array.from((await file.read(idEntry)).data as BigInt64Array, Number),
      read: async (first, rows) => floatsOf(await file.readRows(entry, first, rows)),
      close: file.close,
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Half precision is what rounds keep, and there are hundreds of millions of numbers: those are converted by the engine. */
function floatsOf(tensor: Parameters<typeof float32Of>[0]): Float32Array {
  const { dtype, data } = tensor;
  if (dtype !== 'F16') return float32Of(tensor, 'embeddings');
  return new Float32Array(new Float16Array(data.buffer as ArrayBuffer, data.byteOffset, data.length));
}
