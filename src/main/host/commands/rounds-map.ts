import type { Command } from 'commander';
import { formatDuration } from '#shared/duration.ts';
import { MOST_LANDMARKS, type RoundMap, USUAL_LANDMARKS } from '#shared/map.ts';
import { followJob } from './context.ts';
import { formatCount } from './output.ts';
import type { Action } from './register.ts';
import { naturalNumber, positiveInteger } from './values.ts';

interface MapOptions {
  readonly sample: number;
  readonly seed: number;
  readonly neighbours: number;
  readonly show: boolean;
}

/** rounds map. */
export function addMapCommand(rounds: Command, action: Action): void {
  rounds
    .command('map')
    .description('a map of the faces of a round in the plane, by what the network saw of them (UMAP)')
    .argument('<round>', 'number or name')
    .option(
      '--sample <count>',
      `faces that are laid out, ${formatCount(MOST_LANDMARKS)} at most; the others are placed between them`,
      positiveInteger,
      USUAL_LANDMARKS,
    )
    .option(
      '--neighbours <count>',
      'faces that count as near: few show small groups, many the large picture',
      positiveInteger,
      15,
    )
    .option('--seed <seed>', 'the same one gives the same map', naturalNumber, 0)
    .option('--show', 'tell of the map that there is, and make none', false)
    .action(
      action(async (context, { sample, seed, neighbours, show }: MapOptions, round: string) => {
        const connection = await context.connect({ serves: !show });
        const { map } = connection.client;
        if (!show) await followJob(context, connection, await map.make.mutate({ round, sample, seed, neighbours }));
        const state = await map.state.query({ round });
        context.result(state, mapText(state));
      }),
    );
}

function mapText({ round, embeddings, map, isStale, estimate }: RoundMap): string {
  if (embeddings === null) {
    return `Round ${round} has no embeddings, and no other over its source: label the source with a network and keep them.`;
  }
  if (map === null) {
    return `Round ${round} has no map yet; making it takes about ${formatDuration(estimate ?? 0)}.`;
  }
  const { points, landmarks, neighbours, seed, seconds, components } = map;
  const placed = points - landmarks;
  const of = embeddings.round === round ? '' : ` by the embeddings of round ${embeddings.round} “${embeddings.name}”`;
  return [
    `The map of round ${round}${of} shows ${formatCount(points)} faces: ${formatCount(landmarks)} laid out with ${neighbours} neighbours each, ${formatCount(placed)} placed between those. ${embeddings.size} numbers were reduced to ${components}; seed ${seed}, ${formatDuration(seconds)}.`,
    ...(isStale ? ['The embeddings are others by now: make it again.'] : []),
  ].join('\n');
}
