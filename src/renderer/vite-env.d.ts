/// <reference types="vite/client" />
import type { StudioShell } from '#shared/shell.ts';

declare global {
  interface Window {
    /** Present in the desktop shell only. */
    readonly studioShell?: StudioShell;
  }
}
