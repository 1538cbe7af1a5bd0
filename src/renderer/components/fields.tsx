import { type ReactElement, type ReactNode, useId } from 'react';
import {
  Button as AriaButton,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  NumberField,
  Popover,
  Select,
  SelectValue,
  Switch,
  Text,
  TextField,
} from 'react-aria-components';
import { Icon } from './icon.tsx';
import './fields.css';

interface FieldProps {
  readonly label: string;
  /** One line of help beneath. */
  readonly description?: ReactNode;
  readonly isDisabled?: boolean;
}

function Help({ children }: { children: ReactNode }): ReactElement | null {
  if (children === undefined) return null;
  return (
    <Text slot="description" className="field-help">
      {children}
    </Text>
  );
}

interface TextInputProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly isRequired?: boolean;
  /** A control after the field, such as a folder button. */
  readonly after?: ReactNode;
}

export function TextInput({ label, description, placeholder, after, ...rest }: TextInputProps): ReactElement {
  return (
    <TextField {...rest} className="field">
      <Label className="field-label">{label}</Label>
      <div className="field-row">
        <Input className="input" placeholder={placeholder} spellCheck={false} autoComplete="off" />
        {after}
      </div>
      <Help>{description}</Help>
      <FieldError className="field-error" />
    </TextField>
  );
}

interface SuggestedInputProps extends TextInputProps {
  /** Pressed, they become the value. */
  readonly suggestions: readonly string[];
}

/** A text with the usual ones to press. */
export function SuggestedInput({ suggestions, ...rest }: SuggestedInputProps): ReactElement {
  return (
    <div className="suggested">
      <TextInput {...rest} />
      {suggestions.length > 0 && (
        <div className="suggestions">
          {suggestions.map((suggestion) => (
            <AriaButton key={suggestion} className="suggestion" onPress={() => rest.onChange(suggestion)}>
              {suggestion}
            </AriaButton>
          ))}
        </div>
      )}
    </div>
  );
}

interface NumberInputProps extends FieldProps {
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly step?: number;
}

/** Learning rates are as small as 1e-5: what was typed is kept to that many digits. */
const NUMBER_FORMAT: Intl.NumberFormatOptions = { maximumFractionDigits: 8, useGrouping: true };

export function NumberInput(props: NumberInputProps): ReactElement {
  const { label, description, unit, minimum, maximum, ...rest } = props;
  return (
    <NumberField {...rest} minValue={minimum} maxValue={maximum} formatOptions={NUMBER_FORMAT} className="field">
      <Label className="field-label">
        {label} {unit !== undefined && <span className="field-unit">{unit}</span>}
      </Label>
      <Input className="input number" />
      <Help>{description}</Help>
      <FieldError className="field-error" />
    </NumberField>
  );
}

export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
  /** Shown beside the label, in the list only. */
  readonly note?: string;
}

interface ChoiceProps<Value extends string> extends FieldProps {
  readonly value: Value | null;
  readonly options: readonly Option<Value>[];
  readonly onChange: (value: Value) => void;
  readonly placeholder?: string;
}

export function Choice<Value extends string>(props: ChoiceProps<Value>): ReactElement {
  const { label, description, value, options, onChange, placeholder = 'Choose', isDisabled = false } = props;
  return (
    <Select
      className="field"
      value={value}
      onChange={(key) => onChange(key as Value)}
      isDisabled={isDisabled}
      placeholder={placeholder}
    >
      <Label className="field-label">{label}</Label>
      <AriaButton className="input select-button">
        <SelectValue className="select-value" />
        <Icon name="chevron" />
      </AriaButton>
      <Help>{description}</Help>
      <Popover className="popover select-popover">
        <ListBox className="menu" items={options}>
          {(option) => (
            <ListBoxItem className="menu-item" id={option.value} textValue={option.label}>
              <Text slot="label" className="truncate">
                {option.label}
              </Text>
              {option.note !== undefined && <span className="menu-note">{option.note}</span>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

interface CompactChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly Option<Value>[];
  readonly onChange: (value: Value) => void;
}

/** A choice in a bar of buttons: its label is said, and shown before the value only where there is room. */
export function CompactChoice<Value extends string>(props: CompactChoiceProps<Value>): ReactElement {
  const { label, value, options, onChange } = props;
  return (
    <Select aria-label={label} value={value} onChange={(key) => onChange(key as Value)}>
      <AriaButton className="button button-quiet">
        <SelectValue />
        <Icon name="chevron" />
      </AriaButton>
      <Popover className="popover select-popover">
        <ListBox className="menu" items={options}>
          {(option) => (
            <ListBoxItem className="menu-item" id={option.value} textValue={option.label}>
              {option.label}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

interface ToggleProps extends FieldProps {
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}

export function Toggle({ label, description, value, onChange, isDisabled = false }: ToggleProps): ReactElement {
  const help = useId();
  return (
    <div className="field">
      <Switch
        className="switch"
        isSelected={value}
        onChange={onChange}
        isDisabled={isDisabled}
        aria-describedby={description === undefined ? undefined : help}
      >
        <span className="switch-track" />
        {label}
      </Switch>
      {description !== undefined && (
        <span id={help} className="field-help">
          {description}
        </span>
      )}
    </div>
  );
}
