import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import { ARCHITECTURES } from '#shared/training.ts';
import { createNetwork, disposeNetwork } from '../network.ts';
import {
  architectureOf,
  evaluationPass,
  isTrainable,
  type ParameterSpecification,
  parameterSpecifications,
} from '../resnet.ts';
import { type StateDict, loadStateDict } from '../state-dict.ts';
import { Comparison, type GoldenResult, readGoldenJson } from './comparison.ts';
import { imageTensor } from './networks.ts';

const TOLERANCE = 1e-3;

/** The formulas as the goldens state them; the constants in the first two are read, the rules are the ones coded below. */
const INPUT_FORMULA = /^x\[i\] = ([\d.]+)\*sin\(([\d.]+)\*i \+ ([\d.]+)\).*shape \[(\d+),(\d+),(\d+),(\d+)\]$/;
const WEIGHT_FORMULA = /u = frac\(sin\(\(i\+1\)\*([\d.]+) \+ \(j\+1\)\*([\d.]+)\) \* ([\d.]+)\)/;
const RULES =
  'running_var: 0.5+u; running_mean: (u-.5)*.2; 1-D weight: .75+.5u; other 1-D: (u-.5)*.2; conv/linear: (u-.5)*2*sqrt(3/fan_in)';

interface ForwardGolden {
  readonly input: string;
  readonly weights: string;
  readonly rules: string;
  readonly models: Readonly<
    Record<string, { readonly logits: readonly (readonly number[])[]; readonly parameters: number }>
  >;
}

export async function runForwardGoldens(folder: string): Promise<GoldenResult[]> {
  const place = join(folder, 'forward', 'expected.json');
  const golden = await readGoldenJson<ForwardGolden>(place);
  if (golden.rules !== RULES)
    throw new StudioError('unsupported', `${place} makes its weights by rules that are not known here.`);
  const images = formulaImages(golden.input, place);
  const results = Object.entries(golden.models).map(([name, { logits, parameters }]) => {
    const architectureName = ARCHITECTURES.find((known) => known === name);
    if (architectureName === undefined)
      throw new StudioError('unsupported', `${place} asks for the unknown network ${name}.`);
    const architecture = architectureOf({ architecture: architectureName, width: 64, classCount: logits[0]!.length });
    const specifications = parameterSpecifications(architecture);
    const stateDict = formulaWeights(specifications, golden.weights, place);
    const network = createNetwork(architecture, loadStateDict(stateDict, architecture, place).values);
    const output = tf.tidy(() => evaluationPass(architecture, network.variables, images).dataSync());
    disposeNetwork(network);
    const comparison = new Comparison(`forward/${name}`, TOLERANCE);
    for (const [index, expected] of logits.flat().entries())
      comparison.addRelative(`logit ${index}`, output[index]!, expected, 0.1);
    comparison.addAbsolute('number of parameters', [countTrainable(specifications)], [parameters]);
    return comparison.result();
  });
  images.dispose();
  return results;
}

function constants(pattern: RegExp, formula: string, place: string): number[] {
  const match = pattern.exec(formula);
  if (match === null)
    throw new StudioError('unsupported', `${place} has a formula that is not known here: ${formula}.`);
  return match.slice(1).map(Number);
}

function formulaImages(formula: string, place: string): tf.Tensor4D {
  const [amplitude, frequency, phase, ...shape] = constants(INPUT_FORMULA, formula, place) as [
    number,
    number,
    number,
    ...number[],
  ];
  const data = Float32Array.from(
    { length: tf.util.sizeFromShape(shape) },
    (_, i) => amplitude * Math.sin(frequency * i + phase),
  );
  return imageTensor({ dtype: 'F32', shape, data });
}

/** Weights in PyTorch's layout, parameter j and element i each in PyTorch's order. */
function formulaWeights(specifications: readonly ParameterSpecification[], formula: string, place: string): StateDict {
  const [elementFactor, parameterFactor, scale] = constants(WEIGHT_FORMULA, formula, place) as [number, number, number];
  return new Map(
    specifications.map(({ name, kind, shape }, j) => {
      const rule = ruleFor(kind, shape);
      const data = new Float32Array(tf.util.sizeFromShape([...shape]));
      for (let i = 0; i < data.length; i++) {
        const wave = Math.sin((i + 1) * elementFactor + (j + 1) * parameterFactor) * scale;
        data[i] = rule(wave - Math.floor(wave));
      }
      return [name, { dtype: 'F32', shape: pytorchOrder(shape), data }] as const;
    }),
  );
}

function ruleFor(kind: ParameterSpecification['kind'], shape: readonly number[]): (u: number) => number {
  switch (kind) {
    case 'running-variance':
      return (u) => 0.5 + u;
    case 'scale':
      return (u) => 0.75 + 0.5 * u;
    case 'running-mean':
    case 'offset':
    case 'linear-bias':
      return (u) => (u - 0.5) * 0.2;
    case 'convolution':
    case 'linear-weight': {
      const fanIn = tf.util.sizeFromShape(shape.slice(0, -1));
      return (u) => (u - 0.5) * 2 * Math.sqrt(3 / fanIn);
    }
  }
}

/** [height, width, in, out] → [out, in, height, width]; [in, out] → [out, in]. */
function pytorchOrder(shape: readonly number[]): readonly number[] {
  return shape.length === 4 ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : [...shape].reverse();
}

function countTrainable(specifications: readonly ParameterSpecification[]): number {
  return specifications
    .filter(({ kind }) => isTrainable(kind))
    .reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0);
}
