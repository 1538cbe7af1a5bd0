import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactElement } from 'react';
import { Focusable, Tooltip, TooltipTrigger } from 'react-aria-components';
import { Icon } from '../components/icon.tsx';
import { PLACES } from './places.ts';

/** The places, one under the other; the arrow keys move between them. */
export function Rail(): ReactElement {
  return (
    <nav className="rail" aria-label="Places" onKeyDown={moveFocus}>
      {PLACES.map(({ label, to, icon }) => (
        <TooltipTrigger key={to} delay={300}>
          <Focusable>
            <Link to={to} className="rail-link" activeOptions={{ exact: to === '/' }} aria-label={label}>
              <Icon name={icon} size={20} />
            </Link>
          </Focusable>
          <Tooltip className="tooltip" placement="right" offset={6}>
            {label}
          </Tooltip>
        </TooltipTrigger>
      ))}
    </nav>
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const links = [...event.currentTarget.querySelectorAll('a')];
  const current = links.findIndex((link) => link === document.activeElement);
  links[(current + step + links.length) % links.length]?.focus();
}
