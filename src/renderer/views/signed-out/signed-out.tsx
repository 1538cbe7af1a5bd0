import { type ReactElement, useState } from 'react';
import { Form } from 'react-aria-components';
import icon from '../../../../resources/icon.svg';
import { session } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { TextInput } from '../../components/fields.tsx';
import { Icon } from '../../components/icon.tsx';
import './signed-out.css';

/** The host does not know this window: how to get an address that it does know. */
export function SignedOut({ reason }: { reason: string | null }): ReactElement {
  const [address, setAddress] = useState('');
  const [isPending, setPending] = useState(false);
  const signIn = async (): Promise<void> => {
    setPending(true);
    await session.signIn(address);
    setPending(false);
  };
  return (
    <main className="signed-out">
      <div className="signed-out-card">
        <img src={icon} alt="" width={48} height={48} />
        <h1>This window is not signed in</h1>
        <p className="muted">
          The studio opens to the window it was started for. Run <code>npm start</code> or <code>face2exp serve</code>{' '}
          again, or paste the address it printed. Each address works once.
        </p>
        {reason !== null && (
          <div className="note note-danger" role="alert">
            <Icon name="warning" />
            <p className="note-text">{reason}</p>
          </div>
        )}
        <Form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void signIn();
          }}
        >
          <TextInput
            label="Printed address"
            value={address}
            onChange={setAddress}
            placeholder={`${window.location.origin}/#launch=…`}
          />
          <Button kind="primary" type="submit" isDisabled={address.trim() === ''} isPending={isPending}>
            Sign in
          </Button>
        </Form>
        <p className="muted small">Nothing leaves this machine: the address keeps other programs and pages out.</p>
      </div>
    </main>
  );
}
