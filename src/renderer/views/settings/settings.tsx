import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { type ReactElement, type ReactNode, useEffect } from 'react';
import { api } from '../../api/client.ts';
import { notices } from '../../api/notices.ts';
import { Button } from '../../components/button.tsx';
import { Segments } from '../../components/segments.tsx';
import { Loaded, Skeleton } from '../../components/states.tsx';
import { THEMES, type Theme, setPreferences, usePreferences } from '../../preferences.ts';
import { shelf } from '../predict/picture-shelf.ts';
import { KeysSection } from './keys-section.tsx';
import { RuntimeSection } from './runtime-section.tsx';
import { WorkersSection } from './workers-section.tsx';
import { WorkspaceSection } from './workspace-section.tsx';
import './settings.css';

const SECTIONS = [
  ['general', 'General'],
  ['keys', 'Keys'],
  ['runtime', 'Runtime and devices'],
  ['workers', 'Workers'],
  ['workspace', 'Workspace'],
  ['privacy', 'Privacy'],
] as const;

/** How the window looks, what its keys do, what the studio computes with, and where everything is kept. */
export function Settings(): ReactElement {
  const workspace = useQuery(api.system.workspace.queryOptions());
  const hash = useLocation({ select: (location) => location.hash });
  const isLoaded = workspace.data !== undefined;
  useEffect(() => {
    if (hash !== '') document.getElementById(hash)?.scrollIntoView({ block: 'start' });
  }, [hash, isLoaded]);
  return (
    <div className="place settings">
      <h1>Settings</h1>
      <div className="settings-body">
        <nav aria-label="Settings" className="settings-nav">
          <ul>
            {SECTIONS.map(([id, title]) => (
              <li key={id}>
                <Link
                  to="/settings"
                  hash={id}
                  className={hash === id ? 'settings-link settings-shown' : 'settings-link'}
                >
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="settings-sections">
          <Section id="general">
            <ThemeChoice />
          </Section>
          <Section id="keys">
            <KeysSection />
          </Section>
          <Section id="runtime">
            <Loaded query={workspace} skeleton={<Skeleton height={56} />}>
              {({ runtime }) => <RuntimeSection runtime={runtime} />}
            </Loaded>
          </Section>
          <Section id="workers">
            <WorkersSection />
          </Section>
          <Section id="workspace">
            <Loaded query={workspace} skeleton={<Skeleton height={56} />}>
              {(info) => <WorkspaceSection info={info} />}
            </Loaded>
          </Section>
          <Section id="privacy">
            <Privacy version={workspace.data?.version} />
          </Section>
        </div>
      </div>
    </div>
  );
}

function Section({ id, children }: { id: (typeof SECTIONS)[number][0]; children: ReactNode }): ReactElement {
  const title = SECTIONS.find(([name]) => name === id)![1];
  return (
    <section id={id} className="panel settings-section" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

const THEME_LABELS: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' };

function ThemeChoice(): ReactElement {
  const { theme } = usePreferences();
  return (
    <div className="row">
      <span>Theme</span>
      <Segments
        label="Theme"
        value={theme}
        options={THEMES.map((value) => ({ value, label: THEME_LABELS[value] }))}
        onChange={(value) => setPreferences({ theme: value })}
      />
    </div>
  );
}

function Privacy({ version }: { version: string | undefined }): ReactElement {
  const forget = async (): Promise<void> => {
    await shelf.clear();
    notices.add({ level: 'info', message: 'The pictures that were tried are forgotten in this browser.' });
  };
  return (
    <div className="stack">
      <p>
        <strong>Nothing leaves this machine.</strong> There is no account, no measurement of use and no update that
        comes unasked.
      </p>
      <ul className="privacy">
        <li>
          The studio listens on this machine alone, and only to windows that were opened with its one-time address.
        </li>
        <li>
          The page may load nothing from elsewhere: its content security policy forbids it, and a test holds it to that.
        </li>
        <li>The one download is the TensorFlow runtime, when you press “Set up the runtime”.</li>
        <li>
          Workers, where you add some, are sent the settings, the list of images and the checkpoints of what they are to
          do; never an image.
        </li>
        <li>The camera is asked for when its button is pressed, and let go with its dialog.</li>
        <li>
          Pictures that are tried under Predict are kept for a day in the workspace’s cache, and in this browser until
          you forget them.
        </li>
      </ul>
      <div>
        <Button onPress={() => void forget()}>Forget the pictures that were tried</Button>
      </div>
      {version !== undefined && <p className="muted small">Face2Exp Studio {version}</p>}
    </div>
  );
}
