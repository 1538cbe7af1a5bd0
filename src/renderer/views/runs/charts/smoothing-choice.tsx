import type { ReactElement } from 'react';
import { Segments } from '../segments.tsx';
import type { Smoothing } from './curves.ts';

const OPTIONS: readonly { readonly value: Smoothing; readonly label: string }[] = [
  { value: 'none', label: 'None' },
  { value: 'light', label: 'Light' },
  { value: 'strong', label: 'Strong' },
];

export function SmoothingChoice(props: { value: Smoothing; onChange: (value: Smoothing) => void }): ReactElement {
  return <Segments label="Smoothing" shown={props.value} options={OPTIONS} onShow={props.onChange} />;
}
