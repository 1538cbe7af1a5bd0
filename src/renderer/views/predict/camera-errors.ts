import { StudioError } from '#shared/errors.ts';

/** What a person can do about a camera that gives no picture. @param name of the DOMException that the browser threw. */
export function cameraError(name: string): StudioError {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new StudioError('unavailable', 'The camera was not allowed for this window.', {
        hint: 'Allow it at the address bar or in the system’s privacy settings, then press the button again. Nothing leaves this machine.',
      });
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new StudioError('unavailable', 'No camera was found on this machine.', {
        hint: 'Connect one and press the button again, or drop a picture instead.',
      });
    case 'NotReadableError':
    case 'AbortError':
      return new StudioError('unavailable', 'The camera gives no picture: another program may be using it.', {
        hint: 'Close that program and press the button again.',
      });
    default:
      return new StudioError('unavailable', `The camera could not be opened (${name}).`, {
        hint: 'Drop a picture instead.',
      });
  }
}
