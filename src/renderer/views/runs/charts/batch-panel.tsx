import { Link } from '@tanstack/react-router';
import { type ReactElement, useEffect, useRef } from 'react';
import { Button, IconButton } from '../../../components/button.tsx';
import { FeedbackFaces } from '../../labels/rounds/feedback-faces.tsx';

interface BatchPanelProps {
  readonly run: string;
  readonly step: number;
  /** Steps whose batches were kept, in their order. */
  readonly kept: readonly number[];
  readonly onShow: (step: number | undefined) => void;
}

/** The faces behind one step's feedback, with the ways to the steps beside it that were kept. */
export function BatchPanel({ run, step, kept, onShow }: BatchPanelProps): ReactElement {
  const panel = useRef<HTMLElement>(null);
  // Picked in a chart below it: the panel comes to the eye, and to the keyboard.
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    panel.current?.scrollIntoView({ block: 'nearest' });
  }, [step]);
  const before = kept.findLast((candidate) => candidate < step);
  const after = kept.find((candidate) => candidate > step);
  return (
    <section
      className="panel stack feedback batch-panel"
      ref={panel}
      tabIndex={-1}
      aria-label="Batch behind the feedback"
    >
      <div className="row">
        <Button isDisabled={before === undefined} onPress={() => onShow(before)}>
          Earlier batch
        </Button>
        <Button isDisabled={after === undefined} onPress={() => onShow(after)}>
          Later batch
        </Button>
        <Link to="/labels/feedback" search={{ run, step }} className="small">
          By strength
        </Link>
        <span className="spacer" />
        <IconButton icon="close" label="Close the batch" onPress={() => onShow(undefined)} />
      </div>
      <FeedbackFaces run={run} step={step} />
    </section>
  );
}
