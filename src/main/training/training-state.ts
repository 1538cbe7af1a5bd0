import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { RandomPurpose } from '#shared/random.ts';
import type { NetworkName, TrainingConfig } from '#shared/training.ts';
import type { SafetensorsTensor } from '../interchange/safetensors.ts';
import type { Tensors } from './checkpoint.ts';
import { readPretrained } from './foreign-checkpoint.ts';
import { type Average, type Learner, learnerVariables } from './learner.ts';
import type { MetaState } from './meta-step.ts';
import {
  cloneNetwork,
  copyNetwork,
  createMomentumBuffers,
  createNetwork,
  initialValues,
  type Network,
  networkVariables,
} from './network.ts';
import { architectureOf, isTrainable, parameterSpecifications } from './resnet.ts';
import type { Precision } from '../tensorflow/capture/config-proto.ts';
import { INITIAL_LOSS_SCALE, type LossScale } from './loss-scaling.ts';
import { memoryVariables, type PseudoLabelMemory } from './pseudo-labels.ts';
import { exportTensors, loadStateDict, readStateDict, toStateDict } from './state-dict.ts';

/** The variables of a run while it trains: both networks, or, in the baselines, the adaptation network alone. */
export type TrainingState = MetaState | SingleState;

export interface SingleState {
  readonly base: null;
  readonly adaptation: Learner;
  /** Moving average of the adaptation network. */
  readonly average: Average | null;
  /** Null where there are no pseudo labels. */
  readonly memory: PseudoLabelMemory | null;
}

type LearnerRole = Exclude<NetworkName, 'ema'>;

/** Names in a checkpoint. */
const AVERAGE = 'ema';
const FEEDBACK_BASELINE = 'feedbackBaseline';
const MEMORY_NAMES = ['softLabelShare', 'acceptedShare'] as const satisfies readonly (keyof PseudoLabelMemory)[];

export function momentumPrefix(network: NetworkName): string {
  return `${network}.momentum.`;
}

/** A network with fresh momentum, and the settings that a run has for it. */
export function newLearner(
  config: TrainingConfig,
  role: LearnerRole,
  network: Network,
  precision: Precision = 'float32',
): Learner {
  const settings = settingsOf(config, role);
  const buffers = settings.sgd.momentum === 0 ? new Map<string, tf.Variable>() : createMomentumBuffers(network);
  return { network, buffers, ...settings, lossScale: precision === 'float16' ? newLossScale() : null };
}

function newLossScale(factor = INITIAL_LOSS_SCALE, goodSteps = 0): LossScale {
  return { factor: scalarVariable(factor), goodSteps: scalarVariable(goodSteps) };
}

function settingsOf(config: TrainingConfig, role: LearnerRole): Pick<Learner, 'sgd' | 'dropout'> {
  const { momentum, nesterov, gradientClip, released } = config;
  if (role !== 'finetuned') {
    // The released program reads both and uses neither.
    const weightDecay = released ? 0 : config.weightDecay;
    const dropout = released ? 0 : role === 'base' ? config.baseDropout : config.adaptationDropout;
    return { sgd: { momentum, nesterov, weightDecay, gradientClip }, dropout };
  }
  const sgd = {
    momentum: config.finetuneMomentum,
    nesterov: false,
    weightDecay: config.finetuneWeightDecay,
    gradientClip: 0,
  };
  return { sgd, dropout: config.adaptationDropout };
}

/**
 * The state a run starts from: random weights, or pretrained ones, with a last layer of its own where those have other classes.
 * @throws StudioError when the pretrained weights cannot be read or do not fit.
 */
export async function newTrainingState(
  config: TrainingConfig,
  precision: Precision = 'float32',
): Promise<TrainingState> {
  const architecture = architectureOf(config);
  const { pretrained } = config;
  const stateDict = pretrained === null ? null : await readPretrained(pretrained);
  const network = (purpose: RandomPurpose): Network => {
    const initial = initialValues(architecture, config.seed, purpose);
    if (pretrained === null || stateDict === null) return createNetwork(architecture, initial);
    return createNetwork(architecture, loadStateDict(stateDict, architecture, pretrained, initial).values);
  };
  const adaptation = newLearner(config, 'adaptation', network('weights-adaptation'), precision);
  const average = config.ema === 0 ? null : { network: cloneNetwork(adaptation.network), decay: config.ema };
  const memory = newMemory(config.classCount);
  if (config.method !== 'meta-face2exp') return singleState(config, adaptation, average, memory);
  const base = newLearner(config, 'base', network('weights-base'), precision);
  return { base, adaptation, average, feedbackBaseline: scalarVariable(0), memory };
}

function singleState(
  config: TrainingConfig,
  adaptation: Learner,
  average: Average | null,
  memory: PseudoLabelMemory,
): SingleState {
  return { base: null, adaptation, average, memory: config.method === 'supervised' ? null : memory };
}

/** A memory that has seen no pseudo label: every class has its equal part. */
export function newMemory(classCount: number): PseudoLabelMemory {
  const equal = (): tf.Variable => tf.tidy(() => tf.variable(tf.fill([classCount], 1 / classCount)));
  return { softLabelShare: equal(), acceptedShare: equal() };
}

/** After the base network's warm-up the adaptation network, and its average, start from the base network's weights. */
export function startAdaptationFromBase({ base, adaptation, average }: MetaState): void {
  copyNetwork(base.network, adaptation.network);
  if (average !== null) copyNetwork(base.network, average.network);
}

/** The networks of a state by their names. */
export function networksOf({ base, adaptation, average }: TrainingState): [NetworkName, Network][] {
  return [
    ...(base === null ? [] : [['base', base.network] as [NetworkName, Network]]),
    ['adaptation', adaptation.network],
    ...(average === null ? [] : [['ema', average.network] as [NetworkName, Network]]),
  ];
}

/** All variables of a state, those of its steps. */
export function stateVariables(state: TrainingState): tf.Variable[] {
  return [
    ...(state.base === null ? [] : [...learnerVariables(state.base), state.feedbackBaseline]),
    ...learnerVariables(state.adaptation),
    ...(state.average === null ? [] : networkVariables(state.average.network)),
    ...(state.memory === null ? [] : memoryVariables(state.memory)),
  ];
}

/** Everything of a state, as a checkpoint holds it. */
export async function exportTrainingState(state: TrainingState): Promise<Tensors> {
  const { adaptation, average, memory } = state;
  return new Map([
    ...(state.base === null ? [] : await exportLearner('base', state.base)),
    ...(state.base === null ? [] : [[FEEDBACK_BASELINE, await exportVariable(state.feedbackBaseline)] as const]),
    ...(memory === null ? [] : await Promise.all(MEMORY_NAMES.map((name) => exportNamed(name, memory[name])))),
    ...(await exportLearner('adaptation', adaptation)),
    ...(average === null ? [] : prefixed(`${AVERAGE}.`, await toStateDict(average.network))),
  ]);
}

/** @throws StudioError 'bad-input' when the tensors are not those of such a run. */
export function restoreTrainingState(
  config: TrainingConfig,
  tensors: Tensors,
  source: string,
  precision: Precision = 'float32',
): TrainingState {
  const adaptation = restoreLearner(config, 'adaptation', tensors, source, precision);
  const average =
    config.ema === 0 ? null : { network: restoreNetwork(config, AVERAGE, tensors, source), decay: config.ema };
  if (config.method === 'supervised') return { base: null, adaptation, average, memory: null };
  const memory = restoreMemory(config, tensors, source);
  if (config.method === 'fixmatch') return { base: null, adaptation, average, memory };
  const base = restoreLearner(config, 'base', tensors, source, precision);
  return { base, adaptation, average, feedbackBaseline: restoreVariable(FEEDBACK_BASELINE, tensors, source), memory };
}

/** Checkpoints from before there was a memory hold none; without the options that move it, it is as new at any step. */
function restoreMemory(config: TrainingConfig, tensors: Tensors, source: string): PseudoLabelMemory {
  const isMoved = config.alignDistribution || config.balancePseudoLabels;
  if (!isMoved && !MEMORY_NAMES.some((name) => tensors.has(name))) return newMemory(config.classCount);
  const [softLabelShare, acceptedShare] = MEMORY_NAMES.map((name) => restoreVariable(name, tensors, source));
  return { softLabelShare: softLabelShare!, acceptedShare: acceptedShare! };
}

async function exportVariable(variable: tf.Variable): Promise<SafetensorsTensor> {
  return { dtype: 'F32', shape: variable.shape, data: (await variable.data<'float32'>()).slice() };
}

async function exportNamed(name: string, variable: tf.Variable): Promise<[string, SafetensorsTensor]> {
  return [name, await exportVariable(variable)];
}

function restoreVariable(name: string, tensors: Tensors, source: string): tf.Variable {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw unfit(source, name);
  return tf.tidy(() => tf.variable(tf.tensor(Float32Array.from(tensor.data as Float32Array), [...tensor.shape])));
}

export async function exportLearner(role: LearnerRole, { network, buffers, lossScale }: Learner): Promise<Tensors> {
  const momentum = await exportTensors(network.architecture, buffers);
  const scale =
    lossScale === null ? [] : [await exportVariable(lossScale.factor), await exportVariable(lossScale.goodSteps)];
  return new Map([
    ...prefixed(`${role}.`, await toStateDict(network)),
    ...prefixed(momentumPrefix(role), momentum),
    ...scale.map((tensor, index) => [lossScaleNames(role)[index]!, tensor] as const),
  ]);
}

/** Beside the networks' names, not under them: a loss scale is no part of a network. */
function lossScaleNames(role: LearnerRole): readonly [factor: string, goodSteps: string] {
  return [`lossScale.${role}.factor`, `lossScale.${role}.goodSteps`];
}

/** @throws StudioError 'bad-input' when the tensors do not hold such a learner. */
export function restoreLearner(
  config: TrainingConfig,
  role: LearnerRole,
  tensors: Tensors,
  source: string,
  precision: Precision = 'float32',
): Learner {
  const network = restoreNetwork(config, role, tensors, source);
  const lossScale = precision === 'float16' ? restoreLossScale(role, tensors) : null;
  const settings = { ...settingsOf(config, role), lossScale };
  if (settings.sgd.momentum === 0) return { network, buffers: new Map(), ...settings };
  const learned = parameterSpecifications(network.architecture).filter(({ kind }) => isTrainable(kind));
  const { values, differences } = readStateDict(withPrefix(tensors, momentumPrefix(role)), learned);
  const [absent] = [...differences.missing, ...differences.misshaped.map(({ name }) => name)];
  if (absent !== undefined) throw unfit(source, `${momentumPrefix(role)}${absent}`);
  return { network, buffers: createMomentumBuffers(network, values), ...settings };
}

/** A run that began in another precision, on another device, has none yet. */
function restoreLossScale(role: LearnerRole, tensors: Tensors): LossScale {
  const [factor, goodSteps] = lossScaleNames(role).map((name) => tensors.get(name)?.data[0]);
  return newLossScale(factor === undefined ? undefined : Number(factor), Number(goodSteps ?? 0));
}

/** @throws StudioError 'bad-input' when the tensors do not hold that network. */
export function restoreNetwork(config: TrainingConfig, name: NetworkName, tensors: Tensors, source: string): Network {
  const own = withPrefix(withoutPrefix(tensors, momentumPrefix(name)), `${name}.`);
  const architecture = architectureOf(config);
  const { values, batchesTracked } = loadStateDict(own, architecture, source);
  return createNetwork(architecture, values, batchesTracked);
}

function prefixed<Value>(prefix: string, entries: ReadonlyMap<string, Value>): [string, Value][] {
  return Array.from(entries, ([name, value]) => [`${prefix}${name}`, value]);
}

/** The tensors whose names start with `prefix`, without it. */
export function withPrefix(tensors: Tensors, prefix: string): Tensors {
  const matching = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(matching.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

export function withoutPrefix(tensors: Tensors, prefix: string): Tensors {
  return new Map([...tensors].filter(([name]) => !name.startsWith(prefix)));
}

export function scalarVariable(value: number): tf.Variable {
  return tf.tidy(() => tf.variable(tf.scalar(value)));
}

function unfit(source: string, name: string): StudioError {
  return new StudioError('bad-input', `${source} lacks ${name}, which the run's settings ask for.`, {
    hint: 'Resume with the settings the run was started with.',
  });
}
