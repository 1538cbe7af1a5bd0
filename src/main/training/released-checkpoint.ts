import { StudioError } from '#shared/errors.ts';
import type { CheckpointState, TrainingConfig } from '#shared/training.ts';
import { StateDictionary, type TorchObject } from '../interchange/pytorch/checkpoint-writer.ts';
import type { SafetensorsTensor } from '../interchange/safetensors.ts';
import type { Checkpoint, Tensors } from './checkpoint.ts';
import { RELEASED_NAMES } from './foreign-checkpoint.ts';
import { architectureOf, isTrainable, parameterSpecifications } from './resnet.ts';
import { learningRateFactor } from './schedule.ts';
import { inTorchvisionOrder } from './state-dict.ts';
import { momentumPrefix, withoutPrefix, withPrefix } from './training-state.ts';

type Role = 'base' | 'adaptation';

/**
 * A run as the released program's `--resume` reads it: both networks (and the average), optimizers with their momentum, schedules, and, with
 * `--amp`, the loss scales.
 *
 * @throws StudioError 'unsupported' when the run has no base network, which that program always has.
 */
export function releasedCheckpoint({ state, tensors }: Checkpoint, source: string): TorchObject {
  const { config, step, best } = state;
  if (config.method !== 'meta-face2exp') {
    throw new StudioError('unsupported', `${source} has no base network, so the released program cannot resume it.`, {
      hint: 'Export one of its networks: --network adaptation.',
    });
  }
  const average = networkTensors(config, 'ema', tensors);
  return new Map<string, TorchObject>([
    ['step', step],
    [RELEASED_NAMES.base, new StateDictionary(networkTensors(config, 'base', tensors))],
    [RELEASED_NAMES.adaptation, new StateDictionary(networkTensors(config, 'adaptation', tensors))],
    [RELEASED_NAMES.ema, average.size === 0 ? null : new StateDictionary(average)],
    ['best_top1', percentage(best?.accuracy ?? 0)],
    // Not kept by the studio; the released program prints it and chooses nothing by it.
    ['best_top2', percentage(0)],
    ['teacher_optimizer', optimizerState('base', state, tensors)],
    ['student_optimizer', optimizerState('adaptation', state, tensors)],
    ['teacher_scheduler', schedulerState('base', config, step)],
    ['student_scheduler', schedulerState('adaptation', config, step)],
    ['teacher_scaler', scalerState('base', config, tensors)],
    ['student_scaler', scalerState('adaptation', config, tensors)],
  ]);
}

function networkTensors(config: TrainingConfig, name: Role | 'ema', tensors: Tensors): Map<string, SafetensorsTensor> {
  const own = withPrefix(withoutPrefix(tensors, momentumPrefix(name)), `${name}.`);
  return inTorchvisionOrder(own, architectureOf(config));
}

/** torch.optim.SGD's state_dict; parameters are numbered in the order of the network. */
function optimizerState(role: Role, { config, step }: CheckpointState, tensors: Tensors): TorchObject {
  const learned = parameterSpecifications(architectureOf(config)).filter(({ kind }) => isTrainable(kind));
  const momentum = withPrefix(tensors, momentumPrefix(role));
  const buffers = learned.flatMap(({ name }, index): [number, TorchObject][] => {
    const buffer = momentum.get(name);
    return buffer === undefined ? [] : [[index, new Map([['momentum_buffer', buffer]])]];
  });
  const { initial, current } = learningRates(role, config, step);
  const group = new Map<string, TorchObject>([
    ['lr', current],
    ['momentum', config.momentum],
    ['dampening', 0],
    ['weight_decay', config.weightDecay],
    ['nesterov', config.nesterov],
    ['maximize', false],
    ['foreach', null],
    ['differentiable', false],
    ['fused', null],
    ['initial_lr', initial],
    ['params', learned.map((_, index) => index)],
  ]);
  return new Map<string, TorchObject>([
    ['state', new Map(buffers)],
    ['param_groups', [group]],
  ]);
}

/** torch.optim.lr_scheduler.LambdaLR's state_dict. */
function schedulerState(role: Role, config: TrainingConfig, step: number): TorchObject {
  const { initial, current } = learningRates(role, config, step);
  return new Map<string, TorchObject>([
    ['base_lrs', [initial]],
    ['last_epoch', step],
    ['_step_count', step + 1],
    ['_is_initial', false],
    ['_get_lr_called_within_step', false],
    ['_last_lr', [current]],
    ['lr_lambdas', [null]],
  ]);
}

function learningRates(role: Role, config: TrainingConfig, step: number): { initial: number; current: number } {
  const initial = role === 'base' ? config.baseLearningRate : config.adaptationLearningRate;
  const { totalSteps, warmupSteps } = config;
  const waitSteps = role === 'base' ? 0 : config.adaptationWaitSteps;
  return { initial, current: initial * learningRateFactor(step, { totalSteps, warmupSteps, waitSteps }) };
}

/** torch.amp.GradScaler's state_dict, which is empty while it is off. */
function scalerState(role: Role, config: TrainingConfig, tensors: Tensors): TorchObject {
  if (!config.mixedPrecision) return new Map();
  const scale = tensors.get(`lossScale.${role}.factor`)?.data[0] ?? 65_536;
  const goodSteps = tensors.get(`lossScale.${role}.goodSteps`)?.data[0] ?? 0;
  return new Map<string, TorchObject>([
    ['scale', Number(scale)],
    ['growth_factor', 2],
    ['backoff_factor', 0.5],
    ['growth_interval', 2_000],
    ['_growth_tracker', Number(goodSteps)],
  ]);
}

function percentage(share: number): SafetensorsTensor {
  return { dtype: 'F32', shape: [1], data: Float32Array.of(100 * share) };
}
