import type { ReactElement, ReactNode } from 'react';
import type { TrainingConfig } from '#shared/training.ts';
import { Choice, NumberInput, TextInput, Toggle } from '../../components/fields.tsx';
import { type ConfigField, configText } from './config-field.ts';
import { DEFAULT_CONFIG, type RunDraft, withSetting } from './run-draft.ts';

interface ConfigFieldInputProps {
  readonly field: ConfigField;
  readonly draft: RunDraft;
  readonly onChange: (draft: RunDraft) => void;
}

/** One setting of a run, with why it is there and what it is when nobody sets it. */
export function ConfigFieldInput({ field, draft, onChange }: ConfigFieldInputProps): ReactElement {
  const config: TrainingConfig = { ...DEFAULT_CONFIG, ...draft.config };
  const set = <Key extends keyof TrainingConfig>(key: Key, value: TrainingConfig[Key]): void =>
    onChange(withSetting(draft, key, value));
  const description: ReactNode = (
    <>
      {field.why} <span className="nowrap">Default: {defaultText(field)}.</span>
    </>
  );
  switch (field.kind) {
    case 'number':
      return (
        <NumberInput
          label={field.label}
          unit={field.unit}
          description={description}
          value={config[field.key]}
          minimum={field.minimum}
          maximum={field.maximum}
          step={field.isInteger ? 1 : undefined}
          onChange={(value) => !Number.isNaN(value) && set(field.key, value)}
        />
      );
    case 'toggle':
      return (
        <Toggle
          label={field.label}
          description={description}
          value={config[field.key]}
          onChange={(value) => set(field.key, value)}
        />
      );
    case 'choice':
      return (
        <Choice
          label={field.label}
          description={description}
          value={config[field.key]}
          options={field.options}
          onChange={(value) => set(field.key, value as TrainingConfig[typeof field.key])}
        />
      );
    case 'text':
      return (
        <TextInput
          label={field.label}
          description={description}
          value={config[field.key] ?? ''}
          onChange={(value) => set(field.key, value === '' ? null : value)}
        />
      );
    case 'randAugment':
      return (
        <RandAugmentInput
          value={config.randAugment}
          description={description}
          onChange={(value) => set('randAugment', value)}
        />
      );
  }
}

function defaultText(field: ConfigField): string {
  const value = DEFAULT_CONFIG[field.key];
  if (field.kind === 'choice')
    return field.options.find((option) => option.value === value)?.label ?? configText(value);
  return configText(value);
}

/** Strength when operations are first asked for: the middle of the usual range. */
const USUAL_MAGNITUDE = 10;

interface RandAugmentInputProps {
  readonly value: TrainingConfig['randAugment'];
  readonly description: ReactNode;
  readonly onChange: (value: TrainingConfig['randAugment']) => void;
}

function RandAugmentInput({ value, description, onChange }: RandAugmentInputProps): ReactElement {
  const magnitude = value?.magnitude ?? USUAL_MAGNITUDE;
  return (
    <div className="field" role="group" aria-label="RandAugment">
      <div className="field-pair">
        <NumberInput
          label="RandAugment"
          value={value?.count ?? 0}
          minimum={0}
          step={1}
          onChange={(count) => onChange(count > 0 ? { count, magnitude } : null)}
        />
        <NumberInput
          label="Magnitude"
          unit="of 10"
          value={magnitude}
          minimum={0}
          isDisabled={value === null}
          onChange={(next) => value !== null && !Number.isNaN(next) && onChange({ ...value, magnitude: next })}
        />
      </div>
      <span className="field-help">{description}</span>
    </div>
  );
}
