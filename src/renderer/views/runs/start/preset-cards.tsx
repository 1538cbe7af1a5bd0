import type { ReactElement } from 'react';
import { Label, Radio, RadioGroup } from 'react-aria-components';
import { PRESETS, type Preset } from '#shared/presets.ts';
import { formatCount } from '../../../text/format.ts';
import { DEFAULT_CONFIG, OWN_PRESET, type RunDraft, differsFromPreset } from '../run-draft.ts';

interface PresetCardsProps {
  readonly draft: RunDraft;
  readonly onChoose: (name: string) => void;
}

/** Where a run's settings begin. Choosing one again puts back what was changed since. */
export function PresetCards({ draft, onChoose }: PresetCardsProps): ReactElement {
  return (
    <RadioGroup className="presets" value={draft.preset} onChange={onChoose}>
      <Label className="visually-hidden">Preset</Label>
      {draft.preset === OWN_PRESET && (
        <Radio value={OWN_PRESET} className="preset">
          <span className="preset-name">As the copied run</span>
          <span className="muted small">Its settings and data; a preset puts others in their place.</span>
        </Radio>
      )}
      {PRESETS.map((preset) => (
        <Radio key={preset.name} value={preset.name} className="preset">
          <span className="preset-name">
            {preset.label}
            {preset.name === draft.preset && differsFromPreset(draft) && <span className="muted small"> changed</span>}
          </span>
          <span className="muted small">{preset.why}</span>
          <span className="small preset-facts">{factsOf(preset)}</span>
        </Radio>
      ))}
    </RadioGroup>
  );
}

function factsOf({ config }: Preset): string {
  const { architecture, width, imageSize, totalSteps } = { ...DEFAULT_CONFIG, ...config };
  const network = width === 64 ? architecture : `${architecture}, width ${width}`;
  return `${network} · ${imageSize} px · ${formatCount(totalSteps)} steps`;
}
