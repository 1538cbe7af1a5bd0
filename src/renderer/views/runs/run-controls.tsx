import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import type { RunStatus, RunSummary } from '#shared/training.ts';
import { api, client } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { ErrorNote } from '../../components/states.tsx';

const PAUSABLE: readonly RunStatus[] = ['queued', 'running'];
const RESUMABLE: readonly RunStatus[] = ['paused', 'interrupted', 'failed'];

/** Whether a run rests and can go on. */
export function isResumable(status: RunStatus): boolean {
  return RESUMABLE.includes(status);
}

interface RunControlsProps {
  readonly run: RunSummary;
  readonly canFinetune: boolean;
  /** Then it is resumed where its workers are chosen. */
  readonly isOnWorkers: boolean;
}

/** What can be done with a run in its state. What cannot be undone asks first. */
export function RunControls({ run, canFinetune, isOnWorkers }: RunControlsProps): ReactElement {
  const pause = useMutation(api.runs.pause.mutationOptions());
  const resume = useMutation(api.runs.resume.mutationOptions());
  const stop = useMutation(api.runs.stop.mutationOptions());
  const { id, status } = run;
  const isOpen = PAUSABLE.includes(status) || RESUMABLE.includes(status);
  const error = pause.error ?? resume.error ?? stop.error;
  return (
    <div className="run-controls">
      <div className="row">
        {PAUSABLE.includes(status) && (
          <Button icon="pause" isPending={pause.isPending} onPress={() => pause.mutate({ id })}>
            Pause
          </Button>
        )}
        {isResumable(status) && !isOnWorkers && (
          <Button kind="primary" icon="play" isPending={resume.isPending} onPress={() => resume.mutate({ id })}>
            Resume
          </Button>
        )}
        {canFinetune && <FinetuneButton run={run} />}
        {isOpen && (
          <Confirm
            button={
              <Button icon="stop" isPending={stop.isPending}>
                Stop
              </Button>
            }
            title={`Stop ${run.name}?`}
            text="It ends for good at its next step. Its checkpoints and curves stay. To go on later, pause it instead."
            action="Stop the run"
            onConfirm={() => stop.mutate({ id })}
          />
        )}
        {(status === 'finished' || status === 'stopped') && (
          <Link to="/predict" search={{ run: id }} className="button button-plain">
            Predict with it
          </Link>
        )}
        <Link to="/runs/new" search={{ from: id }} className="button button-plain">
          Duplicate
        </Link>
        {!isOpen && <RemoveButton run={run} />}
      </div>
      {error !== null && <ErrorNote error={error} />}
    </div>
  );
}

/** Ends a run with its fine-tuning now. One that trains is paused first: the host fine-tunes only what rests. */
function FinetuneButton({ run: { id, name, status } }: { run: RunSummary }): ReactElement {
  const finetune = useMutation({
    mutationFn: async () => {
      if (PAUSABLE.includes(status)) await client.runs.pause.mutate({ id });
      return client.runs.finetune.mutate({ id });
    },
  });
  return (
    <>
      <Confirm
        button={<Button isPending={finetune.isPending}>Fine-tune now</Button>}
        title={`Fine-tune ${name} now?`}
        text="The best adaptation network so far trains on the labels, and the run ends with that. The steps still to do are left out for good."
        action="Fine-tune and end it"
        onConfirm={() => finetune.mutate()}
      />
      {finetune.error !== null && <ErrorNote error={finetune.error} />}
    </>
  );
}

function RemoveButton({ run }: { run: RunSummary }): ReactElement {
  const navigate = useNavigate();
  const remove = useMutation(api.runs.remove.mutationOptions({ onSuccess: () => void navigate({ to: '/runs' }) }));
  return (
    <>
      <Confirm
        button={
          <Button icon="remove" isPending={remove.isPending}>
            Delete
          </Button>
        }
        title={`Delete ${run.name}?`}
        text="Its checkpoints, curves and evaluations are deleted from the disk. Images are not touched."
        action="Delete the run"
        onConfirm={() => remove.mutate({ id: run.id })}
      />
      {remove.error !== null && <ErrorNote error={remove.error} />}
    </>
  );
}

interface ConfirmProps {
  readonly button: ReactElement;
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly onConfirm: () => void;
}

function Confirm({ button, title, text, action, onConfirm }: ConfirmProps): ReactElement {
  const [isOpen, setOpen] = useState(false);
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={setOpen}>
      {button}
      <ModalOverlay className="scrim" isDismissable>
        <Modal className="modal modal-small">
          <Dialog className="dialog" role="alertdialog">
            <Heading slot="title">{title}</Heading>
            <p>{text}</p>
            <div className="dialog-actions">
              <Button autoFocus onPress={() => setOpen(false)}>
                Keep it
              </Button>
              <Button
                kind="danger"
                onPress={() => {
                  setOpen(false);
                  onConfirm();
                }}
              >
                {action}
              </Button>
            </div>
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
