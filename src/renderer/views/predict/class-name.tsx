import type { ReactElement } from 'react';
import { expressionIndex } from '#shared/expressions.ts';
import { ClassLetter, ClassMark } from '../../components/class-mark.tsx';
import { letterOfClass } from './classes.ts';
import './class-name.css';

/** A class by its name, which may be one that only a network of another program knows. */
export function ClassName({ name }: { name: string }): ReactElement {
  const index = expressionIndex(name);
  if (index !== undefined) return <ClassMark index={index} />;
  return (
    <span className="class-mark">
      <OtherLetter name={name} />
      {name}
    </span>
  );
}

export function ClassNameLetter({ name }: { name: string }): ReactElement {
  const index = expressionIndex(name);
  return index === undefined ? <OtherLetter name={name} /> : <ClassLetter index={index} />;
}

function OtherLetter({ name }: { name: string }): ReactElement {
  return (
    <span className="class-letter class-letter-other" title={name}>
      {letterOfClass(name)}
    </span>
  );
}
