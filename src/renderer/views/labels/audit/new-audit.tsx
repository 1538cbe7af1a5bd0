import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { Round } from '#shared/rounds.ts';
import { api, client } from '../../../api/client.ts';
import { NumberInput, TextInput } from '../../../components/fields.tsx';
import { FormPopover } from '../../../components/form-popover.tsx';

interface NewAuditProps {
  readonly round: Round;
  /** Labels at or above them are audited. */
  readonly thresholds: readonly number[];
}

/** Draws a random sample of what the thresholds accept, to be judged without seeing the labels. */
export function NewAudit({ round, thresholds }: NewAuditProps): ReactElement {
  const [name, setName] = useState('');
  const [perClass, setPerClass] = useState(60);
  const [target, setTarget] = useState(0.05);
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const given = name.trim() === '' ? `${round.name} audit` : name.trim();
  return (
    <FormPopover
      label="Audit"
      title="Blind audit"
      submitLabel="Draw the sample"
      onSubmit={async () => {
        const audit = await client.review.startAudit.mutate({
          name: given,
          round: round.id,
          thresholds: [...thresholds],
          perClass,
          target,
        });
        await queryClient.invalidateQueries(api.review.audits.queryFilter());
        void navigate({ to: '/labels/audits/$audit', params: { audit: audit.name } });
      }}
    >
      <p className="small muted">
        A random sample of what the thresholds accept now, class by class. You say what you see without being told the
        label; the share that agrees is the precision of these pseudo labels.
      </p>
      <TextInput label="Name" placeholder={given} value={name} onChange={setName} />
      <NumberInput
        label="Faces of each class"
        description="As far as there are."
        minimum={1}
        maximum={10_000}
        value={perClass}
        onChange={setPerClass}
      />
      <NumberInput
        label="Enough at ±"
        description="Half the width of the 95 % interval of the whole at which you may stop."
        minimum={0.005}
        maximum={0.5}
        step={0.005}
        value={target}
        onChange={setTarget}
      />
    </FormPopover>
  );
}
