import { useId } from "react";
import type { Option } from "./Option";
import { Picks } from "./picks/Picks";
import { Points } from "./points/Points";
import { Ranking } from "./ranking/Ranking";
import { kindOf, type Marks, type Method, sentence } from "./rules";
import styles from "./Ballot.module.css";
import { Scores } from "./scores/Scores";

const forms = { picks: Picks, scores: Scores, ranking: Ranking, points: Points };

type Props = {
  title: string;
  method: Method;
  options: Option[];
  marks: Marks;
  disabled?: boolean;
  onChange: (marks: Marks) => void;
};

/** What is marked on a ballot: the rule in a sentence, then the options. */
export function Sheet({ title, method, options, marks, disabled = false, onChange }: Props) {
  const rule = useId();
  const Form = forms[kindOf(method)];
  return (
    <>
      <p id={rule} className={styles.rule}>
        {sentence(method, options.length)}
      </p>
      <fieldset aria-describedby={rule} disabled={disabled}>
        <legend className="visually-hidden">{title}</legend>
        <Form method={method} options={options} marks={marks} onChange={onChange} />
      </fieldset>
    </>
  );
}
