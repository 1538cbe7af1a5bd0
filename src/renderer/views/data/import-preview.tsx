import type { ReactElement } from 'react';
import type { ImportPreview } from '#shared/catalog.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import { ClassMark } from '../../components/class-mark.tsx';
import { Choice } from '../../components/fields.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Problem, WarningNote } from '../../components/states.tsx';
import { formatCount, formatShare, plural } from '../../text/format.ts';
import { SPLIT_LABELS } from '../../text/words.ts';
import './import-preview.css';

/** What the person says of a list: columns and classes that nobody could guess. */
export interface Choices {
  /** What a column holds, by its name. */
  readonly columns: Record<string, string>;
  /** Class by the name it has in the data, null to leave its images out. */
  readonly classes: Record<string, string | null>;
}

interface ImportPreviewPanelProps {
  readonly preview: ImportPreview;
  readonly choices: Choices;
  readonly onChoose: (choices: Choices) => void;
}

/** The detected format and why, ten sample rows, and what is still to be said. */
export function ImportPreviewPanel({ preview, choices, onChoose }: ImportPreviewPanelProps): ReactElement {
  const others = preview.others.filter(({ format }) => format !== preview.format);
  const asked = [
    ...new Map([
      ...Object.keys(choices.classes).map((name) => [name, null] as const),
      ...preview.unknownClasses.map(({ name, count }) => [name, count] as const),
    ]),
  ];
  return (
    <div className="stack">
      <p>
        <strong>{preview.format}</strong>
        {preview.total !== null && <> · about {plural(preview.total, 'image')}</>} · source{' '}
        <strong>{preview.source}</strong>
      </p>
      <p className="muted">{preview.reason}</p>
      {preview.root !== null && (
        <p className="muted small">
          Images are below <code className="wrap">{preview.root}</code>
        </p>
      )}
      {others.length > 0 && (
        <p className="muted small">
          It may also be {others.map(({ format, confidence }) => `${format} (${formatShare(confidence)})`).join(', ')}:
          choose the format to have it so.
        </p>
      )}
      {preview.problem !== null && <Problem problem={preview.problem} />}
      {asked.length > 0 && (
        <div className="stack">
          <WarningNote>
            These names are no classes the studio knows: say what each is, or leave its images out. Without that the
            import does not begin.
          </WarningNote>
          <div className="class-mapping">
            {asked.map(([name, count]) => (
              <Choice
                key={name}
                label={count === null ? name : `${name} · ${plural(count, 'image')}`}
                value={valueOf(choices.classes, name)}
                options={CLASS_OPTIONS}
                placeholder="Say what it is"
                onChange={(value) =>
                  onChoose({ ...choices, classes: { ...choices.classes, [name]: value === LEFT_OUT ? null : value } })
                }
              />
            ))}
          </div>
        </div>
      )}
      {preview.table !== null && <Columns table={preview.table} choices={choices} onChoose={onChoose} />}
      {(preview.samples.length > 0 || (preview.problem === null && asked.length === 0)) && (
        <Samples samples={preview.samples} />
      )}
    </div>
  );
}

const LEFT_OUT = '(left out)';
const CLASS_OPTIONS = [
  ...EXPRESSIONS.map(({ name, label }) => ({ value: name as string, label: label as string })),
  { value: LEFT_OUT, label: 'Leave out' },
];

function valueOf(classes: Choices['classes'], name: string): string | null {
  if (!(name in classes)) return null;
  return classes[name] ?? LEFT_OUT;
}

const GUESSED = '(found out)';
const FIELD_OPTIONS = [
  { value: GUESSED, label: 'Found out' },
  { value: 'path', label: 'Path' },
  { value: 'label', label: 'Class' },
  { value: 'split', label: 'Split' },
  { value: 'identity', label: 'Person' },
  { value: 'x', label: 'Box: left' },
  { value: 'y', label: 'Box: top' },
  { value: 'width', label: 'Box: width' },
  { value: 'height', label: 'Box: height' },
  { value: 'right', label: 'Box: right' },
  { value: 'bottom', label: 'Box: bottom' },
];

interface ColumnsProps {
  readonly table: NonNullable<ImportPreview['table']>;
  readonly choices: Choices;
  readonly onChoose: (choices: Choices) => void;
}

/** The list's own columns; what each holds can be said where it was found out wrongly. */
function Columns({ table, choices, onChoose }: ColumnsProps): ReactElement {
  const columns: readonly Column<readonly string[]>[] = table.columns.map((title, index) => ({
    key: `${index}`,
    title,
    cell: (row) => <span className="sample-field truncate">{row[index]}</span>,
  }));
  return (
    <details className="columns-of-list">
      <summary>Columns of the list</summary>
      <div className="class-mapping">
        {table.columns.map((column) => (
          <Choice
            key={column}
            label={column === '' ? '(no name)' : column}
            value={choices.columns[column] ?? GUESSED}
            options={FIELD_OPTIONS}
            onChange={(value) => {
              const { [column]: _before, ...others } = choices.columns;
              onChoose({ ...choices, columns: value === GUESSED ? others : { ...others, [column]: value } });
            }}
          />
        ))}
      </div>
      <DataTable
        label="First rows of the list"
        columns={columns}
        rows={table.rows}
        keyOf={(row) => table.rows.indexOf(row as string[])}
      />
    </details>
  );
}

type Sample = ImportPreview['samples'][number];

function Samples({ samples }: { samples: readonly Sample[] }): ReactElement {
  if (samples.length === 0) return <p className="muted">No image was found in it.</p>;
  const columns: readonly Column<Sample>[] = [
    { key: 'path', title: 'Image', cell: ({ path }) => <code className="wrap">{path}</code> },
    {
      key: 'class',
      title: 'Class',
      cell: (sample) => {
        if (sample.kind === 'rejected') return <span className="problem-text wrap">{sample.reason}</span>;
        return sample.label === null ? 'None' : <ClassMark index={sample.label} />;
      },
    },
    { key: 'split', title: 'Split', cell: (sample) => (sample.kind === 'rejected' ? '' : SPLIT_LABELS[sample.split]) },
    { key: 'person', title: 'Person', cell: (sample) => (sample.kind === 'rejected' ? '' : (sample.identity ?? '–')) },
    {
      key: 'pixels',
      title: 'Pixels',
      isNumber: true,
      cell: (sample) =>
        sample.kind === 'rejected' ? '' : `${formatCount(sample.width)} × ${formatCount(sample.height)}`,
    },
  ];
  return (
    <DataTable label="First images" columns={columns} rows={samples} keyOf={(sample) => samples.indexOf(sample)} />
  );
}
