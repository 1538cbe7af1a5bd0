import { join } from 'node:path';
import { readSafetensors } from '../interchange/safetensors.ts';
import { loadTensorFlow } from '../tensorflow/runtime.ts';
import { graphExecutor } from '../training/executor.ts';
import { Comparison, type GoldenResult, readGoldenJson } from '../training/goldens/comparison.ts';
import { imagesFrom, networkFrom } from '../training/goldens/networks.ts';
import { disposeNetwork } from '../training/network.ts';
import type { ResNetArchitecture } from '../training/resnet.ts';
import { inspectionStep } from './grad-cam.ts';

const TOLERANCE = 1e-4;
const CLASS_MAP = /^class(\d+)$/;

interface GradCamGolden {
  readonly model: ResNetArchitecture & { readonly imageSize: number };
}

/** Compares class activation maps with PyTorch's. @param folder the group's. @throws StudioError when it cannot be read. */
export async function runGradCamGoldens(folder: string): Promise<GoldenResult[]> {
  const { model } = await readGoldenJson<GradCamGolden>(join(folder, 'expected.json'));
  const { imageSize, ...architecture } = model;
  const weights = await readSafetensors(join(folder, 'weights.safetensors'));
  const { tensors: expected } = await readSafetensors(join(folder, 'expected.safetensors'));
  const images = expected.get('images')!;
  const count = images.shape[0]!;
  const { library } = await loadTensorFlow();
  const network = networkFrom(weights.tensors, architecture, folder);
  const executor = graphExecutor(library);
  const { logits, maps } = await executor
    .prepare(inspectionStep(network, { name: 'golden', count, imageSize }))
    .run({ images: imagesFrom(images) });
  await executor.close();
  disposeNetwork(network);

  const logitsCompared = new Comparison('grad-cam/logits', TOLERANCE);
  logitsCompared.addAbsolute('logits', logits, expected.get('logits')!.data as Float32Array);
  const results = [logitsCompared.result()];
  const values = maps.length / (count * architecture.classes);
  for (const [name, tensor] of expected) {
    const index = CLASS_MAP.exec(name)?.[1];
    if (index === undefined) continue;
    const ofClass = Array.from({ length: count }, (_, image) => {
      const start = (image * architecture.classes + Number(index)) * values;
      return [...maps.subarray(start, start + values)];
    });
    const compared = new Comparison(`grad-cam/${name}`, TOLERANCE);
    compared.addAbsolute(name, ofClass.flat(), tensor.data as Float32Array);
    results.push(compared.result());
  }
  return results;
}
