import type { ReactElement } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { IconButton } from '../components/button.tsx';
import { type KeyBinding, WINDOW_KEYS } from './keys.ts';
import { PLACES } from './places.ts';

const GO_KEYS: readonly KeyBinding[] = PLACES.map(({ label, key }) => ({
  keys: ['G', key.toUpperCase()],
  does: `Go to ${label}`,
}));

export function KeysDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }): ReactElement {
  return (
    <ModalOverlay className="scrim" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="modal">
        <Dialog className="dialog">
          <div className="row">
            <Heading slot="title">Keys</Heading>
            <span className="spacer" />
            <IconButton icon="close" label="Close" onPress={onClose} />
          </div>
          <dl className="keys">
            {[...WINDOW_KEYS, ...GO_KEYS].map(({ keys, does }) => (
              <div key={does}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
