import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { FeedbackMode } from '#shared/training.ts';
import { readSafetensors, type SafetensorsTensor } from '../../interchange/safetensors.ts';
import { type MetaFeed, type MetaFetch, metaStep, type MetaState } from '../meta-step.ts';
import { cloneNetwork, type Network } from '../network.ts';
import { evaluationPass, type ResNetArchitecture } from '../resnet.ts';
import { learningRateFactor, unlabeledWeight } from '../schedule.ts';
import { graphExecutor } from '../executor.ts';
import type { Feeds, Fetched } from '../step.ts';
import { toStateDict } from '../state-dict.ts';
import { newMemory, scalarVariable, withPrefix } from '../training-state.ts';
import { Comparison, compareTensors, type GoldenResult, readGoldenJson } from './comparison.ts';
import { imagesFrom, imageTensor, labelsFrom, learnerFrom, learnerStateDict } from './networks.ts';

const LOSS_TOLERANCE = 1e-4;
const WEIGHT_TOLERANCE = 2e-4;
const LOGIT_TOLERANCE = 1e-3;

/** The goldens' names for what the studio's step reports. */
const REPORTED = {
  t_loss_labeled: 'labeledLoss',
  t_loss_unlabeled: 'unlabeledLoss',
  t_loss_unlabeled_masked: 'unlabeledLossMasked',
  mask_mean: 'maskMean',
  t_loss_uda: 'udaLoss',
  s_loss: 'adaptationLoss',
  s_loss_labeled_old: 'labeledLossOld',
  s_loss_labeled_new: 'labeledLossNew',
  feedback: 'feedback',
  t_loss_mpl: 'feedbackLoss',
  t_loss: 'baseLoss',
  student_grad_norm: 'adaptationGradientNorm',
  teacher_grad_norm: 'baseGradientNorm',
} as const satisfies Record<string, MetaFetch>;

/** Losses are of order 1; differences of losses carry their rounding. */
const RELATIVE_FLOOR = 0.1;

interface MetaStepCase {
  readonly model: ResNetArchitecture & { readonly imageSize: number };
  readonly batch: { readonly labeled: number; readonly unlabeled: number };
  readonly hyperparameters: {
    readonly teacher_lr: number;
    readonly student_lr: number;
    readonly momentum: number;
    readonly nesterov: boolean;
    readonly warmup_steps: number;
    readonly student_wait_steps: number;
    readonly total_steps: number;
    readonly ema: number;
    readonly grad_clip: number;
    readonly label_smoothing: number;
    readonly temperature: number;
    readonly threshold: number;
    readonly lambda_u: number;
    readonly uda_steps: number;
    readonly mask_unlabeled_loss: boolean;
    readonly feedback: FeedbackMode;
  };
  readonly steps: readonly ({
    readonly step: number;
    readonly teacher_lr: number;
    readonly student_lr: number;
    readonly weight_u: number;
    readonly pseudo_labels_student: readonly number[];
    readonly pseudo_labels_feedback: readonly number[];
  } & Readonly<Record<keyof typeof REPORTED, number | null>>)[];
}

export async function runMetaStepGoldens(folder: string, library: string): Promise<GoldenResult[]> {
  const place = join(folder, 'meta-step');
  const cases = (await readdir(place, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const results: GoldenResult[] = [];
  for (const name of cases.sort()) results.push(...(await runCase(join(place, name), `meta-step/${name}`, library)));
  return results;
}

async function runCase(place: string, name: string, library: string): Promise<GoldenResult[]> {
  const golden = await readGoldenJson<MetaStepCase>(join(place, 'expected.json'));
  const { tensors: initial } = await readSafetensors(join(place, 'initial.safetensors'));
  const { tensors: inputs } = await readSafetensors(join(place, 'inputs.safetensors'));
  const state = initialState(golden, initial, place);
  const { hyperparameters } = golden;
  const definition = metaStep(state, {
    labeledCount: golden.batch.labeled,
    unlabeledCount: golden.batch.unlabeled,
    imageSize: golden.model.imageSize,
    labelSmoothing: hyperparameters.label_smoothing,
    temperature: hyperparameters.temperature,
    threshold: hyperparameters.threshold,
    maskUnlabeledLoss: hyperparameters.mask_unlabeled_loss,
    adaptationLabeledWeight: 0,
    alignDistribution: false,
    balancePseudoLabels: false,
    feedback: hyperparameters.feedback,
  });
  const executor = graphExecutor(library);
  const step = executor.prepare(definition);
  const losses = new Comparison(`${name}/losses`, LOSS_TOLERANCE);
  const labels = new Comparison(`${name}/pseudo labels`, 0);
  for (const expected of golden.steps) {
    const feeds = feedsOf(golden, inputs, expected.step);
    compareStep(losses, labels, expected, feeds, await step.run(feeds));
  }
  await executor.readVariables(definition.variables);
  const results = [
    losses.result(),
    labels.result(),
    await compareFinal(state, place, name),
    await compareEvaluation(state, place, name),
  ];
  await executor.close();
  tf.dispose([...definition.variables]);
  return results;
}

function initialState(golden: MetaStepCase, initial: ReadonlyMap<string, SafetensorsTensor>, place: string): MetaState {
  const { momentum, nesterov, grad_clip: gradientClip, ema } = golden.hyperparameters;
  const sgd = { momentum, nesterov, gradientClip, weightDecay: 0 };
  const adaptation = learnerFrom(withPrefix(initial, 'student.'), golden.model, place, sgd);
  return {
    base: learnerFrom(withPrefix(initial, 'teacher.'), golden.model, place, sgd),
    adaptation,
    average: ema === 0 ? null : { network: cloneNetwork(adaptation.network), decay: ema },
    feedbackBaseline: scalarVariable(0),
    memory: newMemory(golden.model.classes),
  };
}

type MetaFeeds = Feeds<MetaFeed>;

function feedsOf(
  { hyperparameters }: MetaStepCase,
  inputs: ReadonlyMap<string, SafetensorsTensor>,
  step: number,
): MetaFeeds {
  const views = ['labeled', 'weak', 'strong'].flatMap((view) => [...imagesFrom(inputs.get(`${step}.${view}`)!)]);
  const { total_steps: totalSteps, warmup_steps: warmupSteps, student_wait_steps: waitSteps } = hyperparameters;
  return {
    images: Float32Array.from(views),
    labels: labelsFrom(inputs.get(`${step}.labels`)!),
    labelWeights: new Float32Array(labelsFrom(inputs.get(`${step}.labels`)!).length).fill(1),
    baseLearningRate: hyperparameters.teacher_lr * learningRateFactor(step, { totalSteps, warmupSteps, waitSteps: 0 }),
    adaptationLearningRate:
      hyperparameters.student_lr * learningRateFactor(step, { totalSteps, warmupSteps, waitSteps }),
    unlabeledWeight: unlabeledWeight(step, hyperparameters.lambda_u, hyperparameters.uda_steps),
    dropoutSeed: Int32Array.of(0, step),
  };
}

function compareStep(
  losses: Comparison,
  labels: Comparison,
  expected: MetaStepCase['steps'][number],
  feeds: MetaFeeds,
  reported: Fetched<MetaFetch>,
): void {
  const where = (what: string): string => `step ${expected.step}, ${what}`;
  losses.addRelative(where('teacher_lr'), Number(feeds.baseLearningRate), expected.teacher_lr, RELATIVE_FLOOR);
  losses.addRelative(where('student_lr'), Number(feeds.adaptationLearningRate), expected.student_lr, RELATIVE_FLOOR);
  losses.addRelative(where('weight_u'), Number(feeds.unlabeledWeight), expected.weight_u, RELATIVE_FLOOR);
  for (const [golden, ours] of Object.entries(REPORTED)) {
    const value = expected[golden as keyof typeof REPORTED];
    // Gradient norms were recorded only where gradients were clipped.
    if (value !== null) losses.addRelative(where(golden), reported[ours][0]!, value, RELATIVE_FLOOR);
  }
  labels.addAbsolute(where('pseudo_labels_student'), reported.weakLabels, expected.pseudo_labels_student);
  labels.addAbsolute(where('pseudo_labels_feedback'), reported.feedbackLabels, expected.pseudo_labels_feedback);
}

async function compareFinal(state: MetaState, place: string, name: string): Promise<GoldenResult> {
  const { tensors: expected } = await readSafetensors(join(place, 'final.safetensors'));
  const comparison = new Comparison(`${name}/final weights`, WEIGHT_TOLERANCE);
  compareTensors(comparison, await learnerStateDict(state.base), withPrefix(expected, 'teacher.'));
  compareTensors(comparison, await learnerStateDict(state.adaptation), withPrefix(expected, 'student.'));
  const average = state.average === null ? new Map() : await toStateDict(state.average.network);
  compareTensors(comparison, average, withPrefix(expected, 'ema.'));
  return comparison.result();
}

async function compareEvaluation(state: MetaState, place: string, name: string): Promise<GoldenResult> {
  const { tensors: expected } = await readSafetensors(join(place, 'eval.safetensors'));
  const networks: Readonly<Record<string, Network | undefined>> = {
    teacher: state.base.network,
    student: state.adaptation.network,
    ema: state.average?.network,
  };
  const comparison = new Comparison(`${name}/evaluation logits`, LOGIT_TOLERANCE);
  for (const [key, network] of Object.entries(networks)) {
    const logits = expected.get(key);
    if (logits === undefined || network === undefined) continue;
    const output = tf.tidy(() =>
      evaluationPass(network.architecture, network.variables, imageTensor(expected.get('images')!)).dataSync(),
    );
    comparison.addAbsolute(key, output, logits.data as Float32Array);
  }
  return comparison.result();
}
