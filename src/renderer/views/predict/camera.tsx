import { type ReactElement, useCallback, useEffect, useRef, useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { StudioError } from '#shared/errors.ts';
import { Button } from '../../components/button.tsx';
import { cameraError } from './camera-errors.ts';

interface CameraButtonProps {
  readonly onPicture: (file: File) => void;
  readonly onError: (error: StudioError | null) => void;
}

/** The camera is asked for when this is pressed and not before, and let go with the dialog. */
export function CameraButton({ onPicture, onError }: CameraButtonProps): ReactElement {
  const [stream, setStream] = useState<MediaStream | null>(null);
  const [isAsking, setAsking] = useState(false);
  const close = useCallback(() => setStream(null), []);
  useEffect(() => () => stream?.getTracks().forEach((track) => track.stop()), [stream]);

  const open = async (): Promise<void> => {
    onError(null);
    setAsking(true);
    try {
      // An address that is not of this machine has no camera at all.
      if (navigator.mediaDevices === undefined) throw new DOMException('', 'NotFoundError');
      setStream(await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user', width: { ideal: 1280 } } }));
    } catch (error) {
      onError(cameraError(error instanceof DOMException ? error.name : 'unknown'));
    } finally {
      setAsking(false);
    }
  };
  return (
    <>
      <Button icon="camera" isPending={isAsking} onPress={() => void open()}>
        Use the camera
      </Button>
      <ModalOverlay
        className="scrim"
        isOpen={stream !== null}
        onOpenChange={(isOpen) => !isOpen && close()}
        isDismissable
      >
        <Modal className="modal camera-modal">
          <Dialog className="dialog">
            <Heading slot="title">Camera</Heading>
            {stream !== null && (
              <Viewfinder
                stream={stream}
                onCancel={close}
                onPicture={(file) => {
                  close();
                  onPicture(file);
                }}
              />
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </>
  );
}

interface ViewfinderProps {
  readonly stream: MediaStream;
  readonly onPicture: (file: File) => void;
  readonly onCancel: () => void;
}

function Viewfinder({ stream, onPicture, onCancel }: ViewfinderProps): ReactElement {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  const take = async (): Promise<void> => {
    if (video.current !== null) onPicture(await frameOf(video.current));
  };
  return (
    <>
      {/* Mirrored as one knows oneself; the picture that is taken is not. */}
      <video ref={video} className="viewfinder" autoPlay playsInline muted aria-label="What the camera sees" />
      <div className="dialog-actions">
        <Button kind="quiet" onPress={onCancel}>
          Cancel
        </Button>
        <Button kind="primary" icon="camera" autoFocus onPress={() => void take()}>
          Take the picture
        </Button>
      </div>
    </>
  );
}

function frameOf(video: HTMLVideoElement): Promise<File> {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  const name = `Camera ${new Date().toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false })}`;
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => {
      if (blob === null) reject(new StudioError('unavailable', 'The camera has given no picture yet.'));
      else resolve(new File([blob], name, { type: blob.type }));
    }),
  );
}
