import type { SafetensorsTensor } from './safetensors.ts';

/**
 * A residual network in its inference form, as a list of operations in order: what ONNX and a SavedModel are written from. Structure and
 * padding are torchvision's `models/resnet.py`; the names of its state_dict say everything else.
 */
export type GraphOperation =
  | {
      readonly kind: 'convolution';
      readonly name: string;
      readonly input: string;
      /** Side of the filter, stride, and padding on each side. */
      readonly side: number;
      readonly stride: number;
      readonly padding: number;
    }
  | { readonly kind: 'normalization'; readonly name: string; readonly input: string }
  | { readonly kind: 'rectifier'; readonly name: string; readonly input: string }
  /** The largest of 3×3 at stride 2, one pixel of padding. Its input is never negative. */
  | { readonly kind: 'maximum-pooling'; readonly name: string; readonly input: string }
  | { readonly kind: 'average-pooling'; readonly name: string; readonly input: string }
  | { readonly kind: 'sum'; readonly name: string; readonly inputs: readonly [string, string] }
  | { readonly kind: 'linear'; readonly name: string; readonly input: string };

/** What a network is exported with. */
export interface InferenceNetwork {
  /** With torchvision's names, in PyTorch's layouts, 32-bit floats. */
  readonly stateDict: ReadonlyMap<string, SafetensorsTensor>;
  readonly classCount: number;
  /** What a user of the file should know: `classes`, `imageSize` in pixels, and `mean` and `std` of the channels red, green and blue. */
  readonly metadata: Readonly<Record<string, string>>;
}

export const IMAGES = 'images';
export const LOGITS = 'logits';
export const BATCH_NORMALIZATION_EPSILON = 1e-5;
/** In the order that ONNX and TensorFlow take them. */
export const NORMALIZATION_PARAMETERS = ['weight', 'bias', 'running_mean', 'running_var'] as const;

const STAGES = [1, 2, 3, 4] as const;
const IMAGENET_STEM_SIDE = 7;

/** @param stateDict of a residual network, whole. Operations are named by torchvision's modules; the last one gives `logits`. */
export function inferenceGraph(stateDict: InferenceNetwork['stateDict']): GraphOperation[] {
  const operations: GraphOperation[] = [];
  const add = (operation: GraphOperation): string => {
    operations.push(operation);
    return operation.name;
  };
  const convolve = (name: string, normalizationName: string, input: string, stride: number): string => {
    const side = stateDict.get(`${name}.weight`)!.shape[2]!;
    const filtered = add({ kind: 'convolution', name, input, side, stride, padding: (side - 1) / 2 });
    return add({ kind: 'normalization', name: normalizationName, input: filtered });
  };
  const rectify = (name: string, input: string): string => add({ kind: 'rectifier', name, input });

  let features = rectify('relu', convolve('conv1', 'bn1', IMAGES, 2));
  if (stateDict.get('conv1.weight')!.shape[2] === IMAGENET_STEM_SIDE) {
    features = add({ kind: 'maximum-pooling', name: 'maxpool', input: features });
  }
  for (const stage of STAGES) {
    for (let index = 0; stateDict.has(`layer${stage}.${index}.conv1.weight`); index++) {
      const block = `layer${stage}.${index}`;
      const stride = stage > 1 && index === 0 ? 2 : 1;
      const isBottleneck = stateDict.has(`${block}.conv3.weight`);
      const strides = isBottleneck ? [1, stride, 1] : [stride, 1];
      let residual = features;
      for (const [position, partStride] of strides.entries()) {
        const number = position + 1;
        residual = convolve(`${block}.conv${number}`, `${block}.bn${number}`, residual, partStride);
        if (number < strides.length) residual = rectify(`${block}.relu${number}`, residual);
      }
      const shortcut = stateDict.has(`${block}.downsample.0.weight`)
        ? convolve(`${block}.downsample.0`, `${block}.downsample.1`, features, stride)
        : features;
      features = rectify(`${block}.relu`, add({ kind: 'sum', name: `${block}.sum`, inputs: [residual, shortcut] }));
    }
  }
  const pooled = add({ kind: 'average-pooling', name: 'avgpool', input: features });
  add({ kind: 'linear', name: LOGITS, input: pooled });
  return operations;
}

/** The parameters an operation uses, by torchvision name. */
export function parametersOf(operation: GraphOperation): string[] {
  switch (operation.kind) {
    case 'convolution':
      return [`${operation.name}.weight`];
    case 'normalization':
      return NORMALIZATION_PARAMETERS.map((part) => `${operation.name}.${part}`);
    case 'linear':
      return ['fc.weight', 'fc.bias'];
    default:
      return [];
  }
}
