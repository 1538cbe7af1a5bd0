import { type ReactElement, useState } from 'react';
import { Button as AriaButton, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Selection } from '#shared/faces.ts';
import { Button } from '../../components/button.tsx';
import { ClassMark } from '../../components/class-mark.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { plural } from '../../text/format.ts';
import { relabelFaces } from './decisions.ts';
import './relabel.css';

interface RelabelProps {
  readonly selection: Selection;
  readonly count: number;
  readonly onDone?: () => void;
}

/** Gives faces another label, as a decision in the log of reviews: one press on a class, and undo takes it back. */
export function Relabel({ selection, count, onDone }: RelabelProps): ReactElement {
  const [isOpen, setOpen] = useState(false);
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const choose = async (label: number): Promise<void> => {
    setPending(true);
    setError(null);
    try {
      await relabelFaces(selection, label);
      setOpen(false);
      onDone?.();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setPending(false);
    }
  };
  return (
    <DialogTrigger
      isOpen={isOpen}
      onOpenChange={(open) => {
        setOpen(open);
        setError(null);
      }}
    >
      <Button icon="check">Relabel</Button>
      <Popover className="popover" placement="top">
        <Dialog className="relabel" aria-label={`Relabel ${plural(count, 'face')}`}>
          <h2>Relabel {plural(count, 'face')}</h2>
          <div className="relabel-classes">
            {EXPRESSIONS.map(({ name }, index) => (
              <AriaButton
                key={name}
                className="relabel-class"
                isDisabled={isPending}
                onPress={() => void choose(index)}
              >
                <ClassMark index={index} />
              </AriaButton>
            ))}
          </div>
          {error !== null && <ErrorNote error={error} />}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
