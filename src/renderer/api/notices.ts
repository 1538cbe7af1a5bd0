export interface Notice {
  readonly id: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
  /** What can be done about it, such as taking it back. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Errors stay until they are dismissed; the rest goes by itself. */
const SHOWN_MILLISECONDS = 8_000;

/** Short messages over the window: what happened elsewhere while the person does something else. */
class NoticeStore {
  #notices: readonly Notice[] = [];
  #nextId = 1;
  readonly #listeners = new Set<() => void>();

  readonly list = (): readonly Notice[] => this.#notices;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  add(notice: Omit<Notice, 'id'>): void {
    const id = this.#nextId++;
    this.#set([...this.#notices, { ...notice, id }]);
    if (notice.level !== 'error') setTimeout(() => this.dismiss(id), SHOWN_MILLISECONDS);
  }

  dismiss(id: number): void {
    this.#set(this.#notices.filter((notice) => notice.id !== id));
  }

  #set(notices: readonly Notice[]): void {
    this.#notices = notices;
    for (const listener of this.#listeners) listener();
  }
}

export const notices = new NoticeStore();
