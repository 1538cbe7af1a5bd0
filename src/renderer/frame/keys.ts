/** Keys the window knows; `?` lists them. */
export interface KeyBinding {
  /** As shown; a chord's keys are pressed one after the other. */
  readonly keys: readonly string[];
  readonly does: string;
}

/** What the command key is called here. */
export const COMMAND_KEY = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl';

/** A chord's second key counts this long after its first. */
const CHORD_MILLISECONDS = 1_200;

export interface KeyActions {
  readonly openPalette: () => void;
  readonly openKeys: () => void;
  /** Called with the key pressed after G. */
  readonly go: (key: string) => void;
  readonly newRun: () => void;
}

export const WINDOW_KEYS: readonly KeyBinding[] = [
  { keys: ['?'], does: 'Show the keys' },
  { keys: [COMMAND_KEY, 'K'], does: 'Search places, runs and commands' },
  { keys: ['N'], does: 'Start a new run' },
  { keys: ['Esc'], does: 'Close what floats' },
  { keys: ['← ↑ → ↓'], does: 'Move among faces, with Shift select' },
  { keys: ['Space'], does: 'Select one more face' },
  { keys: [COMMAND_KEY, 'A'], does: 'Select all faces that match' },
  { keys: [COMMAND_KEY, 'I'], does: 'Show or hide a face’s details' },
];

/** Handles a key press of the window; keys typed into a field are the field's. */
export function keyHandler(actions: KeyActions): (event: KeyboardEvent) => void {
  let chordUntil = 0;
  return (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      actions.openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (event.timeStamp < chordUntil) {
      chordUntil = 0;
      actions.go(key);
    } else if (key === 'g') {
      chordUntil = event.timeStamp + CHORD_MILLISECONDS;
    } else if (key === '?') {
      actions.openKeys();
    } else if (key === 'n') {
      actions.newRun();
    }
  };
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable], [role=dialog], .menu') !== null
  );
}
