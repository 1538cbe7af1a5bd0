import { type ComponentType, type ReactElement, useEffect, useState, useSyncExternalStore } from 'react';
import { StudioError } from '#shared/errors.ts';
import { connection } from './api/events.ts';
import { ErrorNote, Skeleton } from './components/states.tsx';

/** A component of which the code comes later; the router asks for that of a route as soon as somebody is about to go there. */
export type LazyPlace<Props> = ((props: Props) => ReactElement) & { preload(): Promise<void> };

/** Of a component; one that takes none gives no type to infer them from. */
type PropsOf<Component> = Component extends () => unknown
  ? object
  : Component extends (props: infer Props extends object) => unknown
    ? Props
    : never;

/**
 * A place, or a part of one, whose code comes when it is wanted. Where it does not come, because the host is gone, the window stays as it is, says so in place, and
 * asks again once the host answers. (The router's own way is to load the whole page anew, which without a host leaves nothing of it.)
 */
export function lazyPlace<Module, Name extends keyof Module>(
  load: () => Promise<Module>,
  name: Name,
): LazyPlace<PropsOf<Module[Name]>> {
  type Props = PropsOf<Module[Name]>;
  const code = new PlaceCode(async () => (await load())[name] as ComponentType<Props>);
  const retry = (): void => void code.ask();
  function Place(props: Props): ReactElement {
    const state = useSyncExternalStore(code.subscribe, code.state);
    useEffect(retry, []);
    if (state.place !== null) return <state.place {...props} />;
    if (state.error !== null) return <Missing error={state.error} onRetry={retry} />;
    return (
      <div className="place">
        <Skeleton height={320} />
      </div>
    );
  }
  return Object.assign(Place, { preload: () => code.ask() });
}

interface CodeState<Props> {
  readonly place: ComponentType<Props> | null;
  readonly error: unknown;
}

/** The code of one place: asked for once, and again after each failure. */
class PlaceCode<Props> {
  #state: CodeState<Props> = { place: null, error: null };
  #asking: Promise<void> | null = null;
  readonly #load: () => Promise<ComponentType<Props>>;
  readonly #listeners = new Set<() => void>();

  constructor(load: () => Promise<ComponentType<Props>>) {
    this.#load = load;
  }

  readonly state = (): CodeState<Props> => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Never rejects: what went wrong is in the state. */
  ask(): Promise<void> {
    if (this.#state.place !== null) return Promise.resolve();
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #ask(): Promise<void> {
    if (this.#state.error !== null) {
      forgetFailedSheets();
      this.#set({ place: null, error: null });
    }
    try {
      this.#set({ place: await this.#load(), error: null });
    } catch (error) {
      this.#set({ place: null, error });
    }
  }

  #set(state: CodeState<Props>): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** A style sheet that did not come counts as loaded as long as its element is there, and would never be asked for again. */
function forgetFailedSheets(): void {
  for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')) {
    if (link.sheet === null) link.remove();
  }
}

function Missing({ error, onRetry }: { error: unknown; onRetry: () => void }): ReactElement {
  const [wasLost, setWasLost] = useState(connection.state().status !== 'open');
  useEffect(
    () =>
      connection.subscribe(() => {
        const { status } = connection.state();
        if (status === 'lost') setWasLost(true);
        else if (status === 'open') onRetry();
      }),
    [onRetry],
  );
  // With the host there, its files are others than those of this window: it was brought up to date meanwhile.
  const problem = wasLost
    ? new StudioError('unavailable', 'This place was not loaded: the studio does not answer.', {
        hint: 'It is asked for again as soon as it does. What you typed elsewhere stays.',
        cause: error,
      })
    : new StudioError('unavailable', 'This place could not be loaded.', {
        hint: 'The studio may have been brought up to date while this window was open: load the window anew.',
        cause: error,
      });
  return (
    <div className="place">
      <ErrorNote error={problem} onRetry={onRetry} />
    </div>
  );
}
