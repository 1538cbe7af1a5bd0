import type { ReactElement, ReactNode } from 'react';
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Tooltip,
  TooltipTrigger,
} from 'react-aria-components';
import { Icon, type IconName } from './icon.tsx';

type Kind = 'plain' | 'primary' | 'quiet' | 'danger';

interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style'> {
  readonly kind?: Kind;
  readonly icon?: IconName;
  readonly large?: boolean;
  readonly children: ReactNode;
}

/** A button is a verb. `isPending` keeps it focusable and says that it works. */
export function Button({ kind = 'plain', icon, large = false, children, ...rest }: ButtonProps): ReactElement {
  return (
    <AriaButton {...rest} className={`button button-${kind}${large ? ' button-large' : ''}`}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

interface IconButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style' | 'aria-label'> {
  readonly icon: IconName;
  readonly label: string;
}

/** A button with a picture alone: its name is shown on hover and focus. */
export function IconButton({ icon, label, ...rest }: IconButtonProps): ReactElement {
  return (
    <TooltipTrigger delay={400}>
      <AriaButton {...rest} aria-label={label} className="icon-button">
        <Icon name={icon} size={18} />
      </AriaButton>
      <Tooltip className="tooltip" offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
