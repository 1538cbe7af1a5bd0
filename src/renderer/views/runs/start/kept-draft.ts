import { useEffect, useState } from 'react';
import { z } from 'zod';
import { trainingSettingsSchema } from '#shared/training.ts';
import type { RunDraft } from '../run-draft.ts';

const draftSchema = z.object({
  name: z.string(),
  preset: z.string(),
  config: trainingSettingsSchema,
  labeled: z.string().nullable(),
  unlabeled: z.string().nullable(),
  validation: z.string(),
  cluster: z
    .object({ workers: z.array(z.string()), elastic: z.boolean(), timeoutSeconds: z.number() })
    .nullable()
    .default(null),
});

const storageKey = (from: string | undefined): string => `face2exp.new-run ${from ?? ''}`;

/** What was typed into this tab before, so that a reload or another place loses nothing. */
function keptDraft(from: string | undefined): RunDraft | null {
  const text = window.sessionStorage.getItem(storageKey(from));
  if (text === null) return null;
  try {
    return draftSchema.parse(JSON.parse(text));
  } catch {
    return null; // written by another version: as good as none
  }
}

export interface KeptDraft {
  readonly draft: RunDraft;
  readonly isChanged: boolean;
  readonly setDraft: (draft: RunDraft) => void;
  /** Back to where it began. */
  readonly reset: () => void;
  /** The draft became a run. */
  readonly forget: () => void;
}

/** A draft that outlives the page. @param from the run it is a copy of. @param initial where it begins. */
export function useKeptDraft(from: string | undefined, initial: () => RunDraft): KeptDraft {
  const [start] = useState(initial);
  const [draft, setDraft] = useState(() => keptDraft(from) ?? start);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(start);
  useEffect(() => {
    if (isChanged) window.sessionStorage.setItem(storageKey(from), JSON.stringify(draft));
    else window.sessionStorage.removeItem(storageKey(from));
  }, [draft, from, isChanged]);
  return {
    draft,
    isChanged,
    setDraft,
    reset: () => setDraft(start),
    forget: () => window.sessionStorage.removeItem(storageKey(from)),
  };
}
