import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { Form } from 'react-aria-components';
import type { Job } from '#shared/jobs.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Toggle } from '../../components/fields.tsx';
import { FolderField } from '../../components/folder-field.tsx';
import { Icon } from '../../components/icon.tsx';
import { JobProgress } from '../../components/job-progress.tsx';
import { ErrorNote, Problem } from '../../components/states.tsx';
import { isActiveJob } from '../../text/job.ts';

/** The large ways into a workspace that holds nothing yet. */
export function EmptyWorkspace(): ReactElement {
  return (
    <>
      <div className="ways-intro stack">
        <h2>This workspace is empty</h2>
        <p className="muted">
          Start with faces drawn by the studio, or with your own. Images stay where they are and are never written to.
        </p>
      </div>
      <div className="ways">
        <DemoWay />
        <ImportWay />
        <CheckpointWay />
      </div>
    </>
  );
}

/** The last demo job, if it still goes on or has failed. */
function useDemoJob(): Job | undefined {
  const jobs = useQuery(api.jobs.list.queryOptions());
  return jobs.data?.find(({ kind }) => kind === 'demo');
}

function DemoWay(): ReactElement {
  const [train, setTrain] = useState(true);
  const demo = useMutation(api.catalog.demo.mutationOptions());
  const job = useDemoJob();
  const isWorking = demo.isPending || (job !== undefined && isActiveJob(job));
  return (
    <section className="panel way" aria-labelledby="demo-way">
      <Icon name="image" size={28} />
      <h3 id="demo-way">Open the demo</h3>
      <p className="muted">
        Draws a small, unbalanced labeled set and a larger set of unlabeled people: enough to see the whole method work
        within minutes.
      </p>
      <Toggle label="Start a training run with it" value={train} onChange={setTrain} isDisabled={isWorking} />
      {isWorking && job !== undefined && <JobProgress job={job} />}
      {job?.status === 'failed' && job.error !== null && <Problem problem={job.error} />}
      {demo.error !== null && <ErrorNote error={demo.error} />}
      <Button kind="primary" large isPending={isWorking} onPress={() => demo.mutate({ train })}>
        Make the demo
      </Button>
    </section>
  );
}

function ImportWay(): ReactElement {
  const [path, setPath] = useState('');
  const navigate = useNavigate();
  return (
    <section className="panel way" aria-labelledby="import-way">
      <Icon name="folder" size={28} />
      <h3 id="import-way">Import a folder</h3>
      <p className="muted">
        A folder with one subfolder a class, a folder of people, or FER2013. The next step shows what it is taken for.
      </p>
      <Form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ to: '/data/import', search: { path } });
        }}
      >
        <FolderField
          label="Folder or file"
          description="A path on the machine the studio runs on."
          value={path}
          onChange={setPath}
        />
        <Button type="submit" large isDisabled={path.trim() === ''}>
          Continue
        </Button>
      </Form>
    </section>
  );
}

function CheckpointWay(): ReactElement {
  const [checkpoint, setCheckpoint] = useState('');
  const navigate = useNavigate();
  return (
    <section className="panel way" aria-labelledby="checkpoint-way">
      <Icon name="predict" size={28} />
      <h3 id="checkpoint-way">Open a checkpoint</h3>
      <p className="muted">
        Weights of a network that somebody trained, in PyTorch, safetensors or the studio’s own form: try it on pictures
        at once.
      </p>
      <Form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ to: '/predict', search: { checkpoint: checkpoint.trim() } });
        }}
      >
        <FolderField
          label="Checkpoint"
          description="A file or folder on the machine the studio runs on."
          placeholder="/path/to/checkpoint"
          value={checkpoint}
          onChange={setCheckpoint}
        />
        <Button type="submit" large isDisabled={checkpoint.trim() === ''}>
          Open
        </Button>
      </Form>
    </section>
  );
}
