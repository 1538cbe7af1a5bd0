import * as tf from '@tensorflow/tfjs';
import { type Architecture, ARCHITECTURES, type Stem, type TrainingConfig } from '#shared/training.ts';
import type { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import {
  averagePooling,
  batchNormalization,
  type Computed,
  convolution,
  dropout,
  type Layer,
  linear,
  maximumPooling,
  normalizedConvolution,
  type Pass,
  rectifier,
  sequence,
  stemConvolution,
} from './layers.ts';

/**
 * Residual networks, equal to torchvision's `models/resnet.py` in structure, names and numbers (He et al. 2016; the bottleneck has its
 * stride on the 3×3 convolution, as torchvision's). `width` scales every channel count; 64 is torchvision's.
 */
export interface ResNetArchitecture {
  readonly block: 'basic' | 'bottleneck';
  /** Blocks in each of the four stages. */
  readonly layers: readonly [number, number, number, number];
  /** torchvision's unless given. */
  readonly stem?: Stem;
  /** Channels of the stem. */
  readonly width: number;
  readonly classes: number;
}

const NAMED: Readonly<Record<Architecture, Pick<ResNetArchitecture, 'block' | 'layers'>>> = {
  resnet18: { block: 'basic', layers: [2, 2, 2, 2] },
  resnet34: { block: 'basic', layers: [3, 4, 6, 3] },
  resnet50: { block: 'bottleneck', layers: [3, 4, 6, 3] },
  resnet101: { block: 'bottleneck', layers: [3, 4, 23, 3] },
};

/** Side of the stem's filters. */
export const STEM_SIDES: Readonly<Record<Stem, number>> = { imagenet: 7, small: 3 };

export function architectureOf(
  config: Pick<TrainingConfig, 'architecture' | 'width' | 'classCount'> & { readonly stem?: Stem },
): ResNetArchitecture {
  const { architecture, stem = 'imagenet', width, classCount } = config;
  return { ...NAMED[architecture], stem, width, classes: classCount };
}

/** The name of an architecture, whatever its width and classes; null when it has none. */
export function namedArchitecture({ block, layers }: ResNetArchitecture): Architecture | null {
  const isSame = (named: Pick<ResNetArchitecture, 'block' | 'layers'>): boolean =>
    named.block === block && named.layers.every((count, stage) => count === layers[stage]);
  return ARCHITECTURES.find((name) => isSame(NAMED[name])) ?? null;
}

/** `scale` and `offset` are a batch normalisation's weight and bias. */
export type ParameterKind =
  'convolution' | 'scale' | 'offset' | 'running-mean' | 'running-variance' | 'linear-weight' | 'linear-bias';

export interface ParameterSpecification {
  /** torchvision's state_dict name. */
  readonly name: string;
  readonly kind: ParameterKind;
  /** In TensorFlow's layout: filters [height, width, in, out], linear weights [in, out]. */
  readonly shape: readonly number[];
}

/** Running statistics are state, but nothing learns them by gradient. */
export function isTrainable(kind: ParameterKind): boolean {
  return kind !== 'running-mean' && kind !== 'running-variance';
}

interface BlockPlan {
  readonly name: string;
  readonly inputChannels: number;
  readonly channels: number;
  readonly outputChannels: number;
  readonly stride: 1 | 2;
  /** The shortcut needs a 1×1 convolution where the shape changes. */
  readonly downsample: boolean;
}

const BOTTLENECK_EXPANSION = 4;

function blockPlans(architecture: ResNetArchitecture): BlockPlan[] {
  const expansion = architecture.block === 'basic' ? 1 : BOTTLENECK_EXPANSION;
  const plans: BlockPlan[] = [];
  let inputChannels = architecture.width;
  for (const [stage, count] of architecture.layers.entries()) {
    const channels = architecture.width * 2 ** stage;
    for (let index = 0; index < count; index++) {
      const outputChannels = channels * expansion;
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const downsample = stride === 2 || inputChannels !== outputChannels;
      plans.push({ name: `layer${stage + 1}.${index}`, inputChannels, channels, outputChannels, stride, downsample });
      inputChannels = outputChannels;
    }
  }
  return plans;
}

/** Every parameter and running statistic in the order of torchvision's state_dict (`num_batches_tracked` left out: see network.ts). */
export function parameterSpecifications(architecture: ResNetArchitecture): ParameterSpecification[] {
  const plans = blockPlans(architecture);
  return [
    ...convolutionWithNormalization('conv1', 'bn1', STEM_SIDES[architecture.stem ?? 'imagenet'], 3, architecture.width),
    ...plans.flatMap((plan) => blockSpecifications(architecture.block, plan)),
    ...linearSpecifications('fc', plans.at(-1)?.outputChannels ?? architecture.width, architecture.classes),
  ];
}

function blockSpecifications(block: ResNetArchitecture['block'], plan: BlockPlan): ParameterSpecification[] {
  const { name, inputChannels, channels, outputChannels } = plan;
  const part = (index: number, side: number, from: number, to: number): ParameterSpecification[] =>
    convolutionWithNormalization(`${name}.conv${index}`, `${name}.bn${index}`, side, from, to);
  const main =
    block === 'basic'
      ? [...part(1, 3, inputChannels, channels), ...part(2, 3, channels, channels)]
      : [
          ...part(1, 1, inputChannels, channels),
          ...part(2, 3, channels, channels),
          ...part(3, 1, channels, outputChannels),
        ];
  if (!plan.downsample) return main;
  const shortcut = convolutionWithNormalization(
    `${name}.downsample.0`,
    `${name}.downsample.1`,
    1,
    inputChannels,
    outputChannels,
  );
  return [...main, ...shortcut];
}

function convolutionWithNormalization(
  convolutionName: string,
  normalizationName: string,
  side: number,
  inputChannels: number,
  outputChannels: number,
): ParameterSpecification[] {
  const shape = [outputChannels];
  return [
    { name: `${convolutionName}.weight`, kind: 'convolution', shape: [side, side, inputChannels, outputChannels] },
    { name: `${normalizationName}.weight`, kind: 'scale', shape },
    { name: `${normalizationName}.bias`, kind: 'offset', shape },
    { name: `${normalizationName}.running_mean`, kind: 'running-mean', shape },
    { name: `${normalizationName}.running_var`, kind: 'running-variance', shape },
  ];
}

function linearSpecifications(name: string, features: number, classes: number): ParameterSpecification[] {
  return [
    { name: `${name}.weight`, kind: 'linear-weight', shape: [features, classes] },
    { name: `${name}.bias`, kind: 'linear-bias', shape: [classes] },
  ];
}

/** Dropout before the last layer, in training. @param seed two 32-bit integers, different for every forward pass of a run. */
export interface Dropout {
  readonly rate: number;
  readonly seed: tf.Tensor1D;
}

export interface TrainingPass {
  /** [count, classes]. */
  readonly logits: tf.Tensor2D;
  /** Running BatchNorm statistics with this batch taken in, by name. */
  readonly statistics: ReadonlyMap<string, tf.Tensor>;
  /** Gradients of the loss by parameter name, from the gradient of the loss in the logits [count, classes]. Call it once. */
  readonly backward: (logitsGradient: tf.Tensor2D) => ReadonlyMap<string, tf.Tensor>;
}

/**
 * Forward in training mode: batch normalisation by the batch's own statistics, or by those of the images of all processes of a group.
 * @param parameters by torchvision name, running statistics included. @param images [count, height, width, 3], normalised.
 */
export function trainingPass(
  architecture: ResNetArchitecture,
  parameters: ReadonlyMap<string, tf.Tensor>,
  images: tf.Tensor4D,
  dropping: Dropout | null = null,
  normalizesWith?: ProcessGroup,
): TrainingPass {
  const pass: Pass = { parameters, statistics: new Map(), gradients: new Map(), normalizesWith };
  const stem = stemConvolution(pass, 'conv1', images);
  const features = sequence(stem.output, [
    ...stemLayers(pass, architecture),
    ...blockPlans(architecture).map((plan) => residualBlock(pass, architecture.block, plan)),
  ]);
  const pooled = averagePooling(features.output);
  const thinned = dropping === null ? null : dropout(pooled.output, dropping.rate, dropping.seed);
  const head = linear(pass, 'fc', thinned?.output ?? pooled.output);
  return {
    logits: head.output,
    statistics: pass.statistics,
    backward: (logitsGradient) => {
      const headGradient = head.backward(logitsGradient);
      stem.backward(features.backward(pooled.backward(thinned?.backward(headGradient) ?? headGradient)));
      return pass.gradients;
    },
  };
}

/**
 * Forward in evaluation mode, by the running statistics; each block's intermediate results are freed as soon as it is done.
 * @param images [count, height, width, 3], normalised. @returns logits [count, classes].
 */
export function evaluationPass(
  architecture: ResNetArchitecture,
  parameters: ReadonlyMap<string, tf.Tensor>,
  images: tf.Tensor4D,
): tf.Tensor2D {
  return tf.tidy(() => classify(parameters, lastStage(architecture, parameters, images)).logits);
}

/** The stages of {@link evaluationPass}: the last one's output, [count, height, width, features]. */
export function lastStage(
  architecture: ResNetArchitecture,
  parameters: ReadonlyMap<string, tf.Tensor>,
  images: tf.Tensor4D,
): tf.Tensor4D {
  const pass: Pass = { parameters, statistics: new Map(), gradients: new Map() };
  const { stem = 'imagenet', block } = architecture;
  return tf.tidy(() => {
    const start = tf.tidy(() => {
      const output = tf.relu(normalizedConvolution(pass, 'conv1', 'bn1', 2)(images));
      return stem === 'imagenet' ? maximumPooling(output).output : output;
    });
    return blockPlans(architecture).reduce((input, plan) => {
      const output = tf.tidy(() => evaluatedBlock(pass, block, plan, input));
      input.dispose();
      return output;
    }, start);
  });
}

/** A residual block in evaluation mode. */
function evaluatedBlock(
  pass: Pass,
  block: ResNetArchitecture['block'],
  { name, stride, downsample }: BlockPlan,
  input: tf.Tensor4D,
): tf.Tensor4D {
  const part = (index: number, partStride: 1 | 2, from: tf.Tensor4D): tf.Tensor4D =>
    normalizedConvolution(pass, `${name}.conv${index}`, `${name}.bn${index}`, partStride)(from);
  const residual =
    block === 'basic'
      ? part(2, 1, tf.relu(part(1, stride, input)))
      : part(3, 1, tf.relu(part(2, stride, tf.relu(part(1, 1, input)))));
  const shortcut = downsample
    ? normalizedConvolution(pass, `${name}.downsample.0`, `${name}.downsample.1`, stride)(input)
    : input;
  return tf.relu(tf.add(residual, shortcut));
}

/** What the last stage's output is taken for. */
export interface Classified {
  /** The mean of each feature over the image, [count, features]: what the last layer sees. */
  readonly features: tf.Tensor2D;
  /** [count, classes]. */
  readonly logits: tf.Tensor2D;
  /** From the gradient of a number in the logits [count, classes] to that in the last stage's output. */
  readonly backward: (logitsGradient: tf.Tensor2D) => tf.Tensor4D;
}

/** The end of {@link evaluationPass}. @param stage the last stage's output, [count, height, width, features]. */
export function classify(parameters: ReadonlyMap<string, tf.Tensor>, stage: tf.Tensor4D): Classified {
  const pass: Pass = { parameters, statistics: new Map(), gradients: new Map() };
  const pooled = averagePooling(stage);
  const head = linear(pass, 'fc', pooled.output);
  return {
    features: pooled.output,
    logits: head.output,
    backward: (logitsGradient) => pooled.backward(head.backward(logitsGradient)),
  };
}

/** What follows the stem's convolution. */
function stemLayers(pass: Pass, { stem = 'imagenet' }: ResNetArchitecture): Layer[] {
  return [batchNormalization(pass, 'bn1'), rectifier, ...(stem === 'imagenet' ? [maximumPooling] : [])];
}

function residualBlock(pass: Pass, block: ResNetArchitecture['block'], plan: BlockPlan): Layer {
  const part = (index: number, stride: 1 | 2): Layer[] => [
    convolution(pass, `${plan.name}.conv${index}`, stride),
    batchNormalization(pass, `${plan.name}.bn${index}`),
  ];
  const residualLayers =
    block === 'basic'
      ? [...part(1, plan.stride), rectifier, ...part(2, 1)]
      : [...part(1, 1), rectifier, ...part(2, plan.stride), rectifier, ...part(3, 1)];
  const shortcutLayers = plan.downsample
    ? [
        convolution(pass, `${plan.name}.downsample.0`, plan.stride),
        batchNormalization(pass, `${plan.name}.downsample.1`),
      ]
    : [];
  return (input) => {
    const residual: Computed = sequence(input, residualLayers);
    const shortcut: Computed = sequence(input, shortcutLayers);
    const output = rectifier(tf.add(residual.output, shortcut.output));
    return {
      output: output.output,
      backward: (gradient) => {
        const sumGradient = output.backward(gradient);
        return tf.add(residual.backward(sumGradient), shortcut.backward(sumGradient));
      },
    };
  };
}
