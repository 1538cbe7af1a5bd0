import type { TrainingConfig } from '#shared/training.ts';

/** How one setting of a run is asked for and explained. */

type KeyOf<Value> = {
  [Key in keyof TrainingConfig]: TrainingConfig[Key] extends Value ? Key : never;
}[keyof TrainingConfig];
type NumberKey = KeyOf<number>;
type ToggleKey = KeyOf<boolean>;

interface FieldText {
  readonly label: string;
  readonly unit?: string;
  /** One line. */
  readonly why: string;
}

export type ConfigField =
  | (FieldText & {
      readonly kind: 'number';
      readonly key: NumberKey;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly isInteger: boolean;
    })
  | (FieldText & { readonly kind: 'toggle'; readonly key: ToggleKey })
  | (FieldText & {
      readonly kind: 'choice';
      readonly key: 'architecture' | 'device' | 'feedback' | 'method' | 'stem';
      readonly options: readonly { readonly value: string; readonly label: string }[];
    })
  | (FieldText & { readonly kind: 'text'; readonly key: 'pretrained' })
  | (FieldText & { readonly kind: 'randAugment'; readonly key: 'randAugment' });

export interface ConfigGroup {
  readonly title: string;
  /** What is in it, in a few words. */
  readonly about: string;
  readonly fields: readonly ConfigField[];
}

export function integer(key: NumberKey, minimum: number, text: FieldText, maximum?: number): ConfigField {
  return { kind: 'number', key, minimum, maximum, isInteger: true, ...text };
}

export function real(key: NumberKey, range: readonly [number, number?], text: FieldText): ConfigField {
  return { kind: 'number', key, minimum: range[0], maximum: range[1], isInteger: false, ...text };
}

export function toggle(key: ToggleKey, text: FieldText): ConfigField {
  return { kind: 'toggle', key, ...text };
}

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 10 });

/** A setting's value as it is read. */
export function configText(value: TrainingConfig[keyof TrainingConfig]): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return `${value.count} operations, magnitude ${value.magnitude}`;
  return typeof value === 'number' ? NUMBER.format(value) : value;
}
