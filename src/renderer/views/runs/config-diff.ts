import type { RunRequest, TrainingConfig } from '#shared/training.ts';
import { type ConfigField, configText } from './config-field.ts';
import { CONFIG_FIELDS } from './config-fields.ts';

/** What is set beside something else: a run, or the defaults, which name no data. */
export interface SettingsSide {
  readonly config: TrainingConfig;
  readonly request: Pick<RunRequest, 'labeled' | 'unlabeled' | 'validation'> | null;
}

export interface SettingRow {
  readonly key: string;
  readonly label: string;
  readonly unit?: string;
  /** One for each side, as it is read. */
  readonly values: readonly string[];
  readonly isSame: boolean;
}

const DATA_ROWS = [
  ['labeled', 'Labeled set'],
  ['unlabeled', 'Unlabeled faces'],
  ['validation', 'Validation'],
] as const;

export const DATA_LABELS: ReadonlyMap<string, string> = new Map(DATA_ROWS);

/** All settings of several sides, in the order of the form; the data come first, where every side names some. */
export function settingRows(sides: readonly SettingsSide[]): SettingRow[] {
  const data = DATA_ROWS.flatMap(([key, label]): SettingRow[] => {
    const values = sides.flatMap(({ request }) => (request === null ? [] : [request[key] ?? 'none']));
    return values.length === sides.length ? [{ key, label, values, isSame: new Set(values).size === 1 }] : [];
  });
  return [...data, ...CONFIG_FIELDS.map((field) => configRow(field, sides))];
}

function configRow(field: ConfigField, sides: readonly SettingsSide[]): SettingRow {
  const values = sides.map(({ config }) => settingText(field, config));
  const isSame = new Set(sides.map(({ config }) => JSON.stringify(config[field.key]))).size === 1;
  return { key: field.key, label: field.label, values, isSame, ...(field.unit !== undefined && { unit: field.unit }) };
}

/** A setting as the form shows it. */
export function settingText(field: ConfigField, config: TrainingConfig): string {
  const value = config[field.key];
  const option = field.kind === 'choice' ? field.options.find((one) => one.value === value) : undefined;
  return option?.label ?? configText(value);
}
