import type { ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { FacePrediction, NetworkPrediction } from '#shared/prediction.ts';
import { Segments } from '../../components/segments.tsx';
import { formatCount, formatPercent, formatShare } from '../../text/format.ts';
import { NETWORK_LABELS } from '../../text/words.ts';
import { ClassName } from './class-name.tsx';
import { colorOfClass, labelOfClass } from './classes.ts';

export type Scale = 'raw' | 'calibrated';

interface AnswerProps {
  readonly face: FacePrediction;
  readonly scale: Scale;
  readonly onScale: (scale: Scale) => void;
  /** The class whose map lies over the picture. */
  readonly shownClass: string;
  readonly onShowClass: (name: string) => void;
}

/** What was said of one face: the first network's class, then all classes of all networks side by side. */
export function Answer({ face, scale, onScale, shownClass, onShowClass }: AnswerProps): ReactElement {
  const { networks } = face;
  const isCalibrated = networks.some(({ calibrated }) => calibrated !== null);
  const shown = isCalibrated ? scale : 'raw';
  return (
    <div className="stack">
      <div className="row answer-head">
        <p className="predicted" role="status">
          {labelOfClass(face.class)}{' '}
          <span className="muted">{formatShare(valueOf(networks[0]!, face.class, shown))}</span>
        </p>
        <span className="spacer" />
        {isCalibrated && (
          <Segments
            label="Probabilities"
            value={shown}
            options={[
              { value: 'raw', label: 'As given' },
              { value: 'calibrated', label: 'Calibrated' },
            ]}
            onChange={onScale}
          />
        )}
      </div>
      {disagreementOf(networks) !== null && <p className="muted">{disagreementOf(networks)}</p>}
      <div className="table-scroll" role="region" aria-label="Probabilities" tabIndex={0}>
        <table className="bars" aria-label="Probability of each class, percent">
          <thead>
            <tr>
              <th scope="col">Class</th>
              {networks.map((network) => (
                <th key={network.network} scope="col">
                  {NETWORK_LABELS[network.network]}
                  <span className="bars-note">{noteOf(network, shown)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Object.keys(networks[0]!.probabilities).map((name) => (
              <tr key={name} className={name === shownClass ? 'bars-shown' : undefined}>
                <th scope="row">
                  <AriaButton
                    className="bars-class"
                    aria-pressed={name === shownClass}
                    aria-label={`Show where the networks looked for ${labelOfClass(name)}`}
                    onPress={() => onShowClass(name)}
                  >
                    <ClassName name={name} />
                  </AriaButton>
                </th>
                {networks.map((network) => (
                  <td key={network.network}>
                    <Bar network={network} name={name} scale={shown} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Bar({ network, name, scale }: { network: NetworkPrediction; name: string; scale: Scale }): ReactElement {
  const value = valueOf(network, name, scale);
  const isTop = network.class === name;
  return (
    <span className={isTop ? 'bar bar-top' : 'bar'}>
      <span className="bar-track">
        <span className="bar-fill" style={{ width: `${value * 100}%`, backgroundColor: colorOfClass(name) }} />
      </span>
      <span className="bar-value">{formatPercent(value)}</span>
    </span>
  );
}

function valueOf({ probabilities, calibrated }: NetworkPrediction, name: string, scale: Scale): number {
  return (scale === 'calibrated' ? (calibrated?.probabilities[name] ?? probabilities[name]) : probabilities[name]) ?? 0;
}

function noteOf({ step, calibrated }: NetworkPrediction, scale: Scale): string {
  const stepText = `step ${formatCount(step)}`;
  if (scale === 'raw') return stepText;
  return calibrated === null ? `${stepText}, not calibrated` : `${stepText}, T = ${calibrated.temperature.toFixed(2)}`;
}

/** A sentence where the networks do not say the same; null where they do. */
export function disagreementOf(networks: readonly Pick<NetworkPrediction, 'network' | 'class'>[]): string | null {
  const [first] = networks;
  const others = networks.filter((network) => network.class !== first?.class);
  if (others.length === 0) return null;
  const said = others.map((other) => `${NETWORK_LABELS[other.network]} says ${labelOfClass(other.class)}`);
  return `The networks disagree: ${said.join(', ')}.`;
}
