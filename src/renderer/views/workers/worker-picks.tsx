import type { ReactElement } from 'react';
import { Checkbox } from 'react-aria-components';
import { Icon } from '../../components/icon.tsx';
import type { LookedAt } from './looks.ts';
import { WorkerState } from './worker-state.tsx';
import { workerName } from './worker-words.ts';
import './workers.css';

interface WorkerPicksProps {
  readonly looks: readonly LookedAt[];
  /** Addresses. */
  readonly chosen: readonly string[];
  readonly onChange: (chosen: string[]) => void;
}

/** Workers to choose from, each with how it is; one that is not there may be chosen, as it may come. */
export function WorkerPicks({ looks, chosen, onChange }: WorkerPicksProps): ReactElement {
  const pick = (address: string, isPicked: boolean): void => {
    const others = chosen.filter((other) => other !== address);
    onChange(isPicked ? [...others, address] : others);
  };
  return (
    <ul className="worker-picks" aria-label="Workers">
      {looks.map((looked) => {
        const { address, name } = looked.worker;
        return (
          <li key={address}>
            <Checkbox
              className="check worker-check"
              isSelected={chosen.includes(address)}
              onChange={(isPicked) => pick(address, isPicked)}
            >
              <span className="check-box">
                <Icon name="check" size={12} />
              </span>
              <span className="worker-name">
                {workerName(looked.worker)}
                {name !== '' && <span className="muted small"> {address}</span>}
              </span>
            </Checkbox>
            <WorkerState looked={looked} />
          </li>
        );
      })}
    </ul>
  );
}
