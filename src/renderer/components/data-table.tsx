import { type ReactElement, type ReactNode, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Icon } from './icon.tsx';
import { sortRows } from './sort-rows.ts';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Right-aligned, as numbers are. */
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => ReactNode;
  /** What the column is sorted by; without it the column cannot be. */
  readonly sortBy?: (row: Row) => string | number;
  /** Said to those who cannot see an empty heading. */
  readonly hidesTitle?: boolean;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** Shown under a row, over its whole width; null for none. */
  readonly detailOf?: (row: Row) => ReactNode;
}

interface Order {
  readonly key: string;
  readonly descending: boolean;
}

/** A table whose headings sort: once up, twice down, three times as it was. */
export function DataTable<Row>({ label, columns, rows, keyOf, detailOf }: DataTableProps<Row>): ReactElement {
  const [order, setOrder] = useState<Order | null>(null);
  const sortBy = columns.find(({ key }) => key === order?.key)?.sortBy;
  const sorted = order === null || sortBy === undefined ? rows : sortRows(rows, sortBy, order.descending);
  return (
    <div className="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={column.isNumber === true ? 'number' : undefined}
                aria-sort={ariaSort(column.key, order)}
              >
                <Heading column={column} order={order} onSort={setOrder} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => {
            const detail = detailOf?.(row) ?? null;
            return [
              <tr key={keyOf(row)}>
                {columns.map(({ key, isNumber, cell }) => (
                  <td key={key} className={isNumber === true ? 'number' : undefined}>
                    {cell(row)}
                  </td>
                ))}
              </tr>,
              detail !== null && (
                <tr key={`${keyOf(row)} detail`} className="table-detail">
                  <td colSpan={columns.length}>{detail}</td>
                </tr>
              ),
            ];
          })}
        </tbody>
      </table>
    </div>
  );
}

interface HeadingProps<Row> {
  readonly column: Column<Row>;
  readonly order: Order | null;
  readonly onSort: (order: Order | null) => void;
}

function Heading<Row>({ column, order, onSort }: HeadingProps<Row>): ReactElement {
  if (column.hidesTitle === true) return <span className="visually-hidden">{column.title}</span>;
  if (column.sortBy === undefined) return <>{column.title}</>;
  const isSorted = order?.key === column.key;
  return (
    <AriaButton className="table-sort" onPress={() => onSort(nextOrder(column.key, order))}>
      {column.title}
      {isSorted && <Icon name={order.descending ? 'sortDown' : 'sortUp'} size={12} />}
    </AriaButton>
  );
}

function nextOrder(key: string, order: Order | null): Order | null {
  if (order?.key !== key) return { key, descending: false };
  return order.descending ? null : { key, descending: true };
}

function ariaSort(key: string, order: Order | null): 'ascending' | 'descending' | undefined {
  if (order?.key !== key) return undefined;
  return order.descending ? 'descending' : 'ascending';
}
