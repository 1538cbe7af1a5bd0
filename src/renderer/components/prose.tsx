import { Fragment, type ReactElement } from 'react';

/** A sentence of the host, with what stands between backticks shown as code. */
export function Prose({ text }: { text: string }): ReactElement {
  return (
    <>
      {text.split('`').map((part, index) => (
        <Fragment key={index}>{index % 2 === 1 ? <code>{part}</code> : part}</Fragment>
      ))}
    </>
  );
}
