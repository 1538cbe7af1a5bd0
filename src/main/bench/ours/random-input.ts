import { RandomStream } from '#shared/random.ts';
import type { Network } from '../../training/network.ts';

/** Normalised images without anything in them: arithmetic takes as long for any picture. @returns [count, imageSize, imageSize, 3]. */
export function randomImages(count: number, imageSize: number): Float32Array {
  const stream = new RandomStream(0, 'demo');
  return Float32Array.from({ length: count * imageSize * imageSize * 3 }, () => stream.between(-2, 2));
}

/** How many numbers networks learn, running statistics left out. */
export function learnedNumbers(networks: readonly Network[]): number {
  return networks
    .flatMap(({ trainable, variables }) => trainable.map((name) => variables.get(name)!.size))
    .reduce((sum, size) => sum + size, 0);
}
