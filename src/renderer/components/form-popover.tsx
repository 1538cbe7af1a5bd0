import { type ReactElement, type ReactNode, useState } from 'react';
import { Dialog, DialogTrigger, Form, Popover } from 'react-aria-components';
import { Button } from './button.tsx';
import type { IconName } from './icon.tsx';
import { ErrorNote } from './states.tsx';
import './form-popover.css';

interface FormPopoverProps {
  /** On the button that opens it. */
  readonly label: string;
  readonly icon?: IconName;
  readonly kind?: 'plain' | 'quiet' | 'primary';
  readonly title: string;
  /** A verb, on the button that does it. */
  readonly submitLabel: string;
  readonly submitKind?: 'primary' | 'danger';
  readonly isDisabled?: boolean;
  readonly canSubmit?: boolean;
  readonly children: ReactNode;
  /** @returns when it is done; what it throws is shown in place, and the form stays open. */
  readonly onSubmit: () => Promise<void>;
}

/** A small form that opens at the button it belongs to, with nothing else of the window put away. */
export function FormPopover(props: FormPopoverProps): ReactElement {
  const { label, icon, kind = 'plain', title, submitLabel, submitKind = 'primary', canSubmit = true } = props;
  const [isOpen, setOpen] = useState(false);
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (): Promise<void> => {
    setPending(true);
    setError(null);
    try {
      await props.onSubmit();
      setOpen(false);
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
      <Button kind={kind} icon={icon} isDisabled={props.isDisabled === true}>
        {label}
      </Button>
      <Popover className="popover form-popover" placement="bottom start">
        <Dialog className="form-popover-dialog" aria-label={title}>
          <Form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              void submit();
            }}
          >
            <h2>{title}</h2>
            {props.children}
            {error !== null && <ErrorNote error={error} />}
            <div className="dialog-actions">
              <Button kind="quiet" onPress={() => setOpen(false)}>
                Cancel
              </Button>
              <Button kind={submitKind} type="submit" isDisabled={!canSubmit} isPending={isPending}>
                {submitLabel}
              </Button>
            </div>
          </Form>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
