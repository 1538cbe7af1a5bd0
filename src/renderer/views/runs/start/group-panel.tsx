import type { ReactElement } from 'react';
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from 'react-aria-components';
import { Icon } from '../../../components/icon.tsx';
import { plural } from '../../../text/format.ts';
import { ConfigFieldInput } from '../config-field-input.tsx';
import type { ConfigField, ConfigGroup } from '../config-field.ts';
import type { RunDraft } from '../run-draft.ts';
import { type Contradiction, textAt } from './contradictions.ts';

interface GroupPanelProps {
  readonly group: ConfigGroup;
  readonly draft: RunDraft;
  /** Those that a field of this group takes part in. */
  readonly contradictions: readonly Contradiction[];
  readonly onChange: (draft: RunDraft) => void;
}

/** A group of settings, folded; what is set and what does not go together is told outside too. */
export function GroupPanel({ group, draft, contradictions, onChange }: GroupPanelProps): ReactElement {
  const changed = group.fields.filter(({ key }) => draft.config[key] !== undefined).length;
  const isWrong = contradictions.some(({ level }) => level === 'error');
  return (
    <Disclosure className="panel">
      {({ isExpanded }) => (
        <>
          <div className="row">
            <Heading level={2}>
              <AriaButton slot="trigger" className="disclosure">
                <Icon name="chevron" />
                {group.title}
              </AriaButton>
            </Heading>
            <span className="muted small">{group.about}</span>
            <span className="spacer" />
            {isWrong && (
              <span className="group-wrong small">
                <Icon name="warning" size={14} /> does not go together
              </span>
            )}
            <span className="muted small">{changed === 0 ? 'all defaults' : `${plural(changed, 'setting')} set`}</span>
          </div>
          <DisclosurePanel>
            {isExpanded && (
              <div className="form-grid form-grid-folded">
                {group.fields.map((field) => (
                  <Field key={field.key} {...{ field, draft, contradictions, onChange }} />
                ))}
              </div>
            )}
          </DisclosurePanel>
        </>
      )}
    </Disclosure>
  );
}

interface FieldProps extends Omit<GroupPanelProps, 'group'> {
  readonly field: ConfigField;
}

/** A setting, with what speaks against it beneath. */
function Field({ field, draft, contradictions, onChange }: FieldProps): ReactElement {
  const own = contradictions.filter(({ level, keys }) => level !== 'note' && keys.includes(field.key));
  const isSet = draft.config[field.key] !== undefined;
  return (
    <div className={isSet ? 'setting setting-set' : 'setting'}>
      <ConfigFieldInput field={field} draft={draft} onChange={onChange} />
      {own.map((contradiction) => (
        <p key={contradiction.text} className={contradiction.level === 'error' ? 'field-error' : 'field-warning'}>
          {textAt(contradiction, field.key)}
        </p>
      ))}
    </div>
  );
}
