import type { Split } from '#shared/images.ts';

const SPLIT_NAMES: Readonly<Record<string, Split>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
  publictest: 'validation',
  test: 'test',
  testing: 'test',
  privatetest: 'test',
};

/** The split that a folder, a column's value or a list is named after, in any usual spelling; undefined when it is none. */
export function splitNamed(name: string): Split | undefined {
  const word = name.trim().toLowerCase();
  return Object.hasOwn(SPLIT_NAMES, word) ? SPLIT_NAMES[word] : undefined;
}
