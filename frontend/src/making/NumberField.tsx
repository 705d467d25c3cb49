import { useState } from "react";
import { Field } from "../ui/Field";

type Props = {
  label: string;
  hint?: string;
  least: number;
  most?: number;
  value: number | null | undefined;
  error?: string | undefined;
  onChange: (value: number | null) => void;
};

/** A whole number, or nothing; what is typed stays as it is typed. */
export function NumberField({ least, most, value, onChange, ...rest }: Props) {
  const [text, setText] = useState(value === null || value === undefined ? "" : String(value));
  return (
    <Field
      type="number"
      inputMode="numeric"
      step={1}
      min={least}
      max={most}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        onChange(event.target.value.trim() === "" ? null : Math.trunc(Number(event.target.value)));
      }}
      {...rest}
    />
  );
}
