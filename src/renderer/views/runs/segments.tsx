import type { ReactElement } from 'react';
import { Segments as Choices } from '../../components/segments.tsx';

interface SegmentsProps<Value extends string> {
  /** Stands before them. */
  readonly label: string;
  readonly shown: Value;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onShow: (value: Value) => void;
}

/** One of a few ways to show the same, with what they are ways of. */
export function Segments<Value extends string>({ label, shown, options, onShow }: SegmentsProps<Value>): ReactElement {
  return (
    <div className="row">
      <span className="muted small" aria-hidden="true">
        {label}
      </span>
      <Choices label={label} value={shown} options={options} onChange={onShow} />
    </div>
  );
}
